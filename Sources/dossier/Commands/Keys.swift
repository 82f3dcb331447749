import ArgumentParser
import EventLog
import TransparencyLog

struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the key that a log signs with, and show what others check it by.",
        subcommands: [Generate.self, Show.self])

    struct Generate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a signing key; print its verifier key, which is not secret.",
            discussion: """
                The file is its owner's alone, and is never written over. Keep a copy where the database's operators \
                cannot get at it, and give the verifier key to everybody who is to check the log.
                """)

        @Option(
            help: ArgumentHelp(
                "The name of the log: a URL that is yours, without 'https://'.", valueName: "name"))
        var origin = "dossier.local"

        @Argument(help: "Where to write the key.", completion: .file())
        var file: String

        func run() async throws {
            let key: SigningKey
            do {
                key = try SigningKey(generating: origin)
            } catch {
                throw ValidationError("--origin '\(origin.escapedForTerminal)': \(error)")
            }
            try KeyFile.create(key, at: file)
            try await Output.standard.write("\(key.verifierKey)\n")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the verifier key of a signing key.",
            discussion: "With --lanes, that of each lane of a log of several, which signs by a name of its own.")

        @Argument(help: "A file that 'dossier keys generate' wrote.", completion: .file())
        var file: String

        @Option(help: "How many lanes the log has.")
        var lanes: Int16 = 1

        func validate() throws {
            guard (1...1024).contains(lanes) else { throw ValidationError("--lanes is from 1 to 1024.") }
        }

        func run() async throws {
            let key = try KeyFile.read(file).verifierKey
            for lane in 0..<lanes {
                let name = Signer.origin(key.name, lane: Lane(lane), lanes: lanes)
                try await Output.standard.write("\(key.named(name))\n")
            }
        }
    }
}
