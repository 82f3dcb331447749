/// What `up` and `serve` say once they answer.
struct Announcement: Sendable {
    /// Where the query API answers.
    let url: String
    /// Nil where the database is not our own.
    let own: (directory: String, databaseURL: String)?

    /// How the user calls this program: as it was called, where that was by a path.
    let program: String
    /// What the environment says of the API already.
    let isDefaultURL: Bool

    init(url: String, own: (directory: String, databaseURL: String)?, arguments: [String] = CommandLine.arguments) {
        self.url = url
        self.own = own
        let called = arguments.first ?? "dossier"
        program = called.contains("/") ? called.shellWord : "dossier"
        isDefaultURL = url == "http://127.0.0.1:8787"
    }

    /// A command for the user to copy; names the API where it is not where commands look for it.
    var prefix: String { isDefaultURL ? program : "DOSSIER_URL=\(url.shellWord) \(program)" }

    var text: String {
        var text = "Dossier answers at \(url)\n"
        if let own {
            text += """
                  its data is in \(own.directory.escapedForTerminal)
                  its database, for 'verify', 'import' and the like meanwhile:
                    export DOSSIER_DATABASE_URL=\(own.databaseURL.shellWord)

                """
        }
        return text
    }
}
