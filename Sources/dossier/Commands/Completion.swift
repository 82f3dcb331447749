import ArgumentParser

struct Completion: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the completion script of a shell.",
        discussion: """
            bash: dossier completion bash > ~/.local/share/bash-completion/completions/dossier
            zsh:  dossier completion zsh > ~/.zfunc/_dossier   (with ~/.zfunc in fpath)
            fish: dossier completion fish > ~/.config/fish/completions/dossier.fish
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash
        case zsh
        case fish

        var completionShell: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @Argument(help: "The shell.")
    var shell: Shell

    func run() async throws {
        try await Output.standard.write(Dossier.completionScript(for: shell.completionShell) + "\n")
    }
}
