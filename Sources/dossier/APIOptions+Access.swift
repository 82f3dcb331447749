import ArgumentParser
import FoundationEssentials
import NIOSSL

extension APIOptions {
    /// What is asked with; nil where nothing names a token.
    ///
    /// Never an argument: other users see those.
    ///
    /// - Throws: `Failure` where a file cannot be read, and where variable and file both name one.
    func token() throws(Failure) -> String? {
        if let tokenFile { return try SecretFile.read(tokenFile, for: "--token-file") }
        let token = environment["DOSSIER_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
        guard let path = environment["DOSSIER_TOKEN_FILE"], !path.isEmpty else { return token }
        guard token == nil else {
            throw Failure(
                "DOSSIER_TOKEN and DOSSIER_TOKEN_FILE are both set", advice: "Keep one of them.", status: .usage)
        }
        return try SecretFile.read(path, for: "DOSSIER_TOKEN_FILE")
    }

    /// Whose certificates are trusted; nil: those that this machine trusts.
    ///
    /// - Throws: `Failure` where the file holds none.
    func authority() throws(Failure) -> [NIOSSLCertificate]? {
        let (name, path) = (cacert == nil ? "DOSSIER_CACERT" : "--cacert", cacert ?? environment["DOSSIER_CACERT"])
        guard let path, !path.isEmpty else { return nil }
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw Failure("\(name): '\(path)' cannot be read", status: .usage)
        }
        guard let roots = try? NIOSSLCertificate.fromPEMFile(path), !roots.isEmpty else {
            throw Failure("\(name): '\(path)' holds no certificate in PEM", status: .usage)
        }
        return roots
    }
}
