import Testing
import TransparencyLog

/// What a log says of itself, and what a witness says of that.
@Suite struct CheckpointTests {
    /// Source: C2SP tlog-checkpoint and tlog-cosignature, their examples.
    private static let sofa = """
        example.com/behind-the-sofa
        20852163
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

        """
    private static let example =
        sofa + """

            — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
            — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==

            """

    /// Source: a program of its own, RFC 8032 over Python's integers; it gives the published signatures of Go's notes.
    private static let witnessKey = "witness.example/w1+cc9a7044+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    private static let witnessed =
        "— witness.example/w1 zJpwRAAAAABkGFDLJeR//pqzhnEKVvEm2wWbh2RJ6oru5+cUUfm5X9NnlaGr8aSH9QE5RVZD4QGlxl2F5UpVIIi94p178KLfqPPsAA==\n"

    @Test("The example of the specification is read, and written as it was")
    func example() throws {
        let note = try SignedNote(Self.example)
        let checkpoint = try Checkpoint(text: note.text)
        #expect(checkpoint.origin == "example.com/behind-the-sofa")
        #expect(checkpoint.size == 20_852_163)
        #expect(checkpoint.root.bytes == bytes("0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"))
        #expect(checkpoint.extensions == [])
        #expect(checkpoint.text == Self.sofa)
        // 2023-03-20T12:25:47Z, as the specification's message has it.
        #expect(Cosignature(note.signatures[1].bytes)?.time == 1_679_315_147)
        #expect(note.description == Self.example)
    }

    @Test("Extension lines are kept, and signed")
    func extensions() throws {
        let checkpoint = try Checkpoint(text: Self.sofa + "one\ntwo 2\n")
        #expect(checkpoint.extensions == ["one", "two 2"])
        #expect(checkpoint.text == Self.sofa + "one\ntwo 2\n")
        let key = try SigningKey(generating: "example.com/behind-the-sofa")
        let note = try checkpoint.signed(by: [key])
        #expect(try Checkpoint.verified(note, by: [key.verifierKey]) == checkpoint)
        let stripped = try SignedNote(text: Self.sofa, signatures: note.signatures)
        #expect(throws: TransparencyError.forged(signer: key.name)) {
            try Checkpoint.verified(stripped, by: [key.verifierKey])
        }
    }

    @Test(
        "What is no checkpoint is refused",
        arguments: [
            "", "\n", "a\n", "a\n1\n", "a\n1\n\n", "\n1\nR\n", "a\n01\nR\n", "a\n-1\nR\n", "a\n+1\nR\n", "a\n1 \nR\n",
            "a\n\nR\n", "a\n1\nR", "a\n1\nR\n\n", "a\n1\nR\n\nx\n", "a\n1\nR=\n",
            "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
            "a\n18446744073709551616\nR\n", "a\n1\nAAAA\n",
        ])
    func malformed(text: String) {
        let text = text.replacing("\nR", with: "\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
        #expect(throws: TransparencyError.self) { try Checkpoint(text: text) }
    }

    @Test("The empty tree has a checkpoint, and an origin is one line")
    func edges() throws {
        let empty = try Checkpoint(origin: "a b", size: 0, root: Merkle.empty)
        #expect(empty.text == "a b\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")
        #expect(try Checkpoint(origin: "a", size: .max, root: Merkle.empty).size == .max)
        for origin in ["", "a\nb", "a\n"] {
            #expect(throws: TransparencyError.self) { try Checkpoint(origin: origin, size: 0, root: Merkle.empty) }
        }
    }

    @Test("A checkpoint that a known key signed under another name than its origin is refused")
    func foreignOrigin() throws {
        let key = try SigningKey(generating: "example.org/other")
        let note = try Checkpoint(origin: "example.org/log", size: 0, root: Merkle.empty).signed(by: [key])
        #expect { try Checkpoint.verified(note, by: [key.verifierKey]) } throws: {
            if case TransparencyError.unproven = $0 { true } else { false }
        }
    }

    @Test("While keys change, both sign, and either key verifies")
    func rotation() throws {
        let keys = [try SigningKey(generating: "example.org/log"), try SigningKey(generating: "example.org/log")]
        let checkpoint = try Checkpoint(origin: "example.org/log", size: 0, root: Merkle.empty)
        let note = try checkpoint.signed(by: keys)
        for key in keys { #expect(try Checkpoint.verified(note, by: [key.verifierKey]) == checkpoint) }
    }

    @Test("A cosignature that another program made is verified, and ours is the same")
    func cosignatures() throws {
        let key = try VerifierKey(Self.witnessKey)
        let note = try SignedNote(Self.sofa + "\n" + Self.witnessed)
        #expect(try note.verified(by: [key]).count == 1)
        let witness = try SigningKey(
            secret: SigningKey(secret: SignedNoteTests.peterSecret).cosigning("witness.example/w1"))
        #expect(witness.verifierKey == key)
        let ours = try witness.sign(Self.sofa, time: 1_679_315_147)
        #if os(Linux)
            #expect(ours.line == Self.witnessed)
        #endif
        #expect(try SignedNote(text: Self.sofa, signatures: [ours]).verified(by: [key]) == [ours])
    }

    @Test("A cosignature of which any byte is turned is refused, its time too")
    func damagedCosignatures() throws {
        let key = try VerifierKey(Self.witnessKey)
        let good = try NoteSignature(line: String(Self.witnessed.dropLast()))
        for index in good.bytes.indices {
            for bit in 0..<8 {
                var bytes = good.bytes
                bytes[index] ^= 1 << UInt8(bit)
                #expect(!key.verifies(bytes, over: Self.sofa), "byte \(index)")
            }
        }
        #expect(!key.verifies(Array(good.bytes.dropLast()), over: Self.sofa))
        #expect(!key.verifies(good.bytes + [0], over: Self.sofa))
        #expect(!key.verifies(good.bytes, over: Self.sofa + "x\n"))
        #expect(Cosignature([0x80] + [UInt8](repeating: 0, count: 71)) == nil)
    }
}

extension SigningKey {
    /// The secret of a witness that has the same key.
    fileprivate func cosigning(_ name: String) throws -> String {
        // The id is that of the published verifier key.
        let seed = String(secret.split(separator: "+", maxSplits: 4).last!)
        // The first byte, the type, is in the first two digits: 0x01 becomes 0x04, what follows it stays.
        return "PRIVATE+KEY+\(name)+cc9a7044+BI" + seed.dropFirst(2)
    }
}
