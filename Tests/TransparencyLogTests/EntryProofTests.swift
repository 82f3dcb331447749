import Testing
import TransparencyLog

/// Proofs of one entry, as files.
@Suite struct EntryProofTests {
    /// Leaf n is the decimal digits of n; seven leaves, leaf 3.
    ///
    /// Source: a program of its own, RFC 6962 and RFC 8032 in Python; the form is C2SP tlog-proof's.
    private static let proof = """
        c2sp.org/tlog-proof@v1
        index 3
        +mHj3sNDlYn0eEyJO/Mh0AhPBMVyx68raOPzNgo1tIY=
        ywCYnZSlacCmeK4EK2Pc1GJduWRAUX83put5duok7Us=
        lz8IOVfHNZ+xlDrPnmaJvKbKXqcZfYCKrTwUSYaJ7+A=

        PeterNeumann
        7
        o+I7Msy2v5bQktFl2KpUbgmCnejwOw6JV1gdHha5K98=

        — PeterNeumann x08goy2rIZD4w9WBtl/tqMZLFg5Vh5aX0NuhucrjlYWoccxoQGzAreKEeUGnBoHqv6vnB0wMxyAqFGlRw4p9Doj0DAk=

        """
    /// A published key, which is written as it has to be.
    // As the specification prints it.
    private static let keys = [try! VerifierKey(SignedNoteTests.peterKey)]

    @Test("A proof that another program made is verified, and written as it was read")
    func another() throws {
        let proof = try EntryProof(Array(Self.proof.utf8))
        let checkpoint = try proof.verified([0x33], by: Self.keys)
        #expect(checkpoint.size == 7)
        #expect(proof.index == 3)
        #expect(proof.extra == nil)
        #expect(proof.description == Self.proof)
    }

    @Test("Another entry is refused", arguments: ["", "2", "4", "33", "3\n"])
    func otherEntries(entry: String) throws {
        let proof = try EntryProof(Array(Self.proof.utf8))
        #expect { try proof.verified(Array(entry.utf8), by: Self.keys) } throws: {
            if case TransparencyError.unproven = $0 { true } else { false }
        }
    }

    @Test("A proof of which any byte is turned, lost or doubled proves nothing")
    func everyByte() {
        let bytes = Array(Self.proof.utf8)
        for index in bytes.indices {
            for damage in damages(bytes, at: index) {
                #expect(throws: TransparencyError.self, "byte \(index)") {
                    try EntryProof(damage).verified([0x33], by: Self.keys)
                }
            }
        }
    }

    @Test("A proof of which any line is lost, doubled or moved proves nothing")
    func everyLine() {
        let lines = Self.proof.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { $0 + "\n" }
        for index in lines.indices {
            var changed = [lines, lines]
            changed[0].remove(at: index)
            changed[1].swapAt(index, (index + 1) % lines.count)
            // The last line is the signature: who signs twice has signed.
            if index < lines.count - 1 { changed.append(Array(lines[...index]) + Array(lines[index...])) }
            for lines in changed {
                let text = lines.joined()
                #expect(throws: TransparencyError.self, "line \(index)") {
                    try EntryProof(Array(text.utf8)).verified([0x33], by: Self.keys)
                }
            }
        }
    }

    @Test("Extra data is kept, and vouched for by nothing")
    func extra() throws {
        var proof = try EntryProof(Array(Self.proof.utf8))
        proof.extra = [1, 2, 3]
        #expect(proof.description.hasPrefix("c2sp.org/tlog-proof@v1\nextra AQID\nindex 3\n"))
        let read = try EntryProof(Array(proof.description.utf8))
        #expect(read == proof)
        #expect(try read.verified([0x33], by: Self.keys).size == 7)
    }

    @Test("Every entry of trees of up to 40 leaves is proven, and none by another's proof")
    func everyEntry() throws {
        let key = try SigningKey(generating: "example.org/log")
        for size in [1, 2, 3, 7, 8, 9, 40] {
            let reference = Reference(count: size)
            let checkpoint = try Checkpoint(origin: key.name, size: UInt64(size), root: reference.root(size))
            let note = try checkpoint.signed(by: [key])
            for index in 0..<size {
                let proof = EntryProof(index: UInt64(index), path: reference.path(index, in: size), note: note)
                let read = try EntryProof(Array(proof.description.utf8))
                #expect(try read.verified(reference.leaves[index], by: [key.verifierKey]) == checkpoint)
                #expect(throws: TransparencyError.self) {
                    try read.verified(reference.leaves[index] + [0], by: [key.verifierKey])
                }
            }
        }
    }
}
