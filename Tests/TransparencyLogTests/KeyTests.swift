import Testing
import TransparencyLog

/// Keys as text.
@Suite struct KeyTests {
    @Test(
        "The published verifier keys are read and written as they are",
        arguments: [
            (SignedNoteTests.exampleKey, "example.com/foo", 0x530d_903a, SignatureType.ed25519),
            (SignedNoteTests.peterKey, "PeterNeumann", 0xc74f_20a3, .ed25519),
            (SignedNoteTests.enochKey, "EnochRoot", 0xaf0c_fe78, .ed25519),
            // Whose base64 holds a '+'. Source: the tests of transparency-dev/formats.
            ("TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6", "TEST", 0x7997_405c, .ed25519),
            (
                "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2", "remora.n621.de", 0xda77_ade7,
                .cosignature
            ),
        ])
    func verifierKeys(text: String, name: String, id: UInt32, type: SignatureType) throws {
        let key = try VerifierKey(text)
        #expect(key.name == name)
        #expect(key.id == id)
        #expect(key.type == type)
        #expect(key.description == text)
    }

    @Test("A verifier key of which any byte is turned, lost or doubled is refused")
    func damagedVerifierKeys() {
        let bytes = Array(SignedNoteTests.peterKey.utf8)
        for index in bytes.indices {
            for damage in damages(bytes, at: index) {
                guard let text = String(validating: damage, as: UTF8.self) else { continue }
                #expect(throws: TransparencyError.self, "byte \(index)") { try VerifierKey(text) }
            }
        }
    }

    @Test(
        "Keys of other types or lengths are refused though their ids are right",
        arguments: [
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "", "a", "a+b", "+00000000+AQ==",
        ])
    func otherKeys(text: String) {
        #expect(throws: TransparencyError.self) { try VerifierKey(text) }
    }

    @Test("The published signing key is read and written as it is, and knows its verifier key")
    func signingKey() throws {
        let key = try SigningKey(secret: SignedNoteTests.peterSecret + "\n")
        #expect(key.name == "PeterNeumann")
        #expect(key.secret == SignedNoteTests.peterSecret)
        #expect(key.verifierKey.description == SignedNoteTests.peterKey)
        #expect(try VerifierKey(SignedNoteTests.peterKey) == key.verifierKey)
        let signed = try SignedNote(text: SignedNoteTests.text, signatures: [key.sign(SignedNoteTests.text)])
        #expect(try signed.verified(by: [key.verifierKey]).count == 1)
        #if os(Linux)
            // Elsewhere the system adds chance to its signatures.
            #expect(signed.signatures[0].line == SignedNoteTests.peters)
        #endif
    }

    @Test("A signing key of which any byte is turned, lost or doubled is refused, and the error does not say it")
    func damagedSigningKeys() {
        let bytes = Array(SignedNoteTests.peterSecret.utf8)
        for index in bytes.indices {
            for damage in damages(bytes, at: index) {
                guard let text = String(validating: damage, as: UTF8.self) else { continue }
                do {
                    _ = try SigningKey(secret: text)
                    Issue.record("byte \(index) was damaged unseen")
                } catch {
                    #expect(!"\(error)".contains("AYEKFALV") && !"\(error)".contains("iUvxdXHKDFz"))
                }
            }
        }
    }

    @Test("Nothing that shows a signing key shows its secret")
    func notShown() throws {
        let key = try SigningKey(secret: SignedNoteTests.peterSecret)
        var dumped = ""
        dump([key], to: &dumped)
        let seed = String(SignedNoteTests.peterSecret.split(separator: "+").last!)
        for shown in ["\(key)", String(reflecting: key), "\([key])", "\(Optional(key) as Any)", dumped] {
            #expect(shown.contains("PeterNeumann"))
            #expect(!shown.contains(seed) && !shown.contains("AYEKFALV"), "\(shown)")
        }
    }

    @Test("A key by another name is another key", arguments: ["example.org/log/lane/3", "x"])
    func named(name: String) throws {
        let key = try SigningKey(secret: SignedNoteTests.peterSecret)
        let other = key.named(name)
        #expect(other.verifierKey == key.verifierKey.named(name))
        #expect(other.verifierKey.id != key.verifierKey.id)
        let note = try SignedNote(text: "text\n", signatures: [other.sign("text\n")])
        #expect(try note.verified(by: [other.verifierKey]).count == 1)
        #expect(throws: TransparencyError.unknownSigners([name])) { try note.verified(by: [key.verifierKey]) }
        #expect(try SigningKey(secret: other.secret).verifierKey == other.verifierKey)
    }

    @Test("A name that no key may have is refused", arguments: ["", "a b", "a+b", "a\nb", "a\u{2003}b", "a\u{7}"])
    func names(name: String) {
        #expect(throws: TransparencyError.self) { try SigningKey(generating: name) }
    }
}
