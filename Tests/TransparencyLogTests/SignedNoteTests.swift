import Testing
import TransparencyLog

/// Notes, and who signed them.
@Suite struct SignedNoteTests {
    /// Source: C2SP signed-note, the example of its first version.
    static let exampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    static let example = """
        This is an example message.

        — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

        """

    /// Source: the documentation of Go's golang.org/x/mod/sumdb/note.
    static let peterSecret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
    static let peterKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    static let enochKey = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
    static let text = """
        If you think cryptography is the answer to your problem,
        then you don't know what your problem is.

        """
    static let peters =
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    static let enochs =
        "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

    @Test("The published notes are verified by their published keys, and written as they were read")
    func published() throws {
        let foo = try SignedNote(Self.example)
        #expect(foo.text == "This is an example message.\n")
        #expect(try foo.verified(by: [VerifierKey(Self.exampleKey)]).map(\.name) == ["example.com/foo"])
        #expect(foo.description == Self.example)
        let both = try SignedNote(Array((Self.text + "\n" + Self.peters + Self.enochs).utf8))
        let keys = [try VerifierKey(Self.enochKey), try VerifierKey(Self.peterKey)]
        #expect(try both.verified(by: keys).map(\.name) == ["PeterNeumann", "EnochRoot"])
        #expect(try both.verified(by: [keys[0]]).map(\.name) == ["EnochRoot"])
        #expect(both.description == Self.text + "\n" + Self.peters + Self.enochs)
    }

    @Test("A text may hold empty lines: the last one ends it")
    func emptyLines() throws {
        let key = try SigningKey(generating: "example.org/log")
        let text = "one\n\n\ntwo\n"
        let note = try SignedNote(text: text, signatures: [key.sign(text)])
        let read = try SignedNote(note.description)
        #expect(read == note)
        #expect(try read.verified(by: [key.verifierKey]).count == 1)
    }

    @Test(
        "Signatures of unknown keys are passed over; with none that is known, and with a false one, the note is refused"
    )
    func unknownAndForged() throws {
        let key = try SigningKey(generating: "example.org/log")
        let other = try SigningKey(generating: "example.org/log")
        let stranger = try SigningKey(generating: "example.org/stranger")
        let good = try SignedNote(text: Self.text, signatures: [stranger.sign("else\n"), key.sign(Self.text)])
        #expect(try good.verified(by: [key.verifierKey]).count == 1)
        #expect(throws: TransparencyError.unknownSigners(["example.org/stranger", "example.org/log"])) {
            try good.verified(by: [other.verifierKey])
        }
        #expect(throws: TransparencyError.unknownSigners(["example.org/stranger", "example.org/log"])) {
            try good.verified(by: [])
        }
        // A known key's signature over another text, beside a good one of another known key.
        let forged = try SignedNote(text: Self.text, signatures: [key.sign(Self.text), other.sign("else\n")])
        #expect(try forged.verified(by: [key.verifierKey]).count == 1)
        #expect(throws: TransparencyError.forged(signer: "example.org/log")) {
            try forged.verified(by: [key.verifierKey, other.verifierKey])
        }
    }

    @Test("A note of which any byte is turned, lost or doubled is refused, or is another note of the same text")
    func everyByte() throws {
        let key = try VerifierKey(Self.exampleKey)
        let bytes = Array(Self.example.utf8)
        for index in bytes.indices {
            for damage in damages(bytes, at: index) {
                #expect(throws: TransparencyError.self, "byte \(index)") {
                    try SignedNote(damage).verified(by: [key])
                }
            }
        }
    }

    @Test(
        "What is no note is refused",
        arguments: [
            "", "\n", "\n\n", "text\n", "text\n\n", "text\n\n\n", "text\n— a AAAAAAA=\n", "text\n\n— a AAAAAAA=",
            "text\n\n— a AAAAAA==\n", "text\n\n- a AAAAAAA=\n", "text\n\n—  a AAAAAAA=\n", "text\n\n— a  AAAAAAA=\n",
            "text\n\n— a b AAAAAAA=\n", "text\n\n— a+b AAAAAAA=\n", "text\n\n—  AAAAAAA=\n", "text\n\n— a AAAAAAA\n",
            "text\n\n— a AAAAAAB=\n", "text\n\n— a AAAA AAA=\n", "text\n\n— a AAAAAAA=\nmore\n",
            "te\txt\n\n— a AAAAAAA=\n",
            "te\u{0}xt\n\n— a AAAAAAA=\n", "text\r\n\n— a AAAAAAA=\n", "text\n\n— a\u{A0}b AAAAAAA=\n",
            "text\n\n— a AAAAAAA=\r\n", "text\n\n— a AAAA_AA=\n",
        ])
    func malformed(note: String) {
        #expect { try SignedNote(note) } throws: { if case TransparencyError.malformed = $0 { true } else { false } }
    }

    @Test("Bytes that are no UTF-8, more than 64 signatures, and more than half a mebibyte are refused")
    func limits() throws {
        #expect(throws: TransparencyError.self) {
            try SignedNote([0x74, 0xFF, 0x0A] + Array("\n— a AAAAAAA=\n".utf8))
        }
        func note(_ signatures: Int) -> String {
            "text\n\n" + (0..<signatures).map { "— a\($0) AAAAAAA=\n" }.joined()
        }
        #expect(try SignedNote(note(64)).signatures.count == 64)
        #expect(throws: TransparencyError.self) { try SignedNote(note(65)) }
        let long = String(repeating: "x", count: SignedNote.byteLimit) + "\n\n— a AAAAAAA=\n"
        #expect(throws: TransparencyError.self) { try SignedNote(Array(long.utf8)) }
        var full = try SignedNote(note(64))
        full = try full.adding([full.signatures[3]])
        #expect(full.signatures.count == 64)
        #expect(throws: TransparencyError.self) { try full.adding(SignedNote("t\n\n— b AAAAAAA=\n").signatures) }
    }
}

/// The bytes with each bit of one of them turned, without it, and with it twice.
func damages(_ bytes: [UInt8], at index: Int) -> [[UInt8]] {
    var all = (0..<8).map { bit in
        var copy = bytes
        copy[index] ^= 1 << UInt8(bit)
        return copy
    }
    all.append(Array(bytes[..<index] + bytes[(index + 1)...]))
    all.append(Array(bytes[...index] + bytes[index...]))
    return all.filter { $0 != bytes }
}
