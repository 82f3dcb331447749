import TransparencyLog

/// Every way in which a path may come damaged: each bit of each hash turned, hashes lost, doubled, added anywhere, and
/// moved. None of them is the path itself.
func damaged(_ path: [MerkleHash]) -> [[MerkleHash]] {
    let stranger = Merkle.leaf([0xEE])
    var all: [[MerkleHash]] = []
    for (place, hash) in path.enumerated() {
        for bit in 0..<256 {
            var bytes = hash.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            all.append(path.replacing(place, with: MerkleHash(bytes)!))
        }
        all.append(Array(path[..<place]))
        all.append(path.filter { $0 != hash })
        all.append(path[...place] + [hash] + path[(place + 1)...])
        for other in path.indices where other > place {
            var swapped = path
            swapped.swapAt(place, other)
            all.append(swapped)
        }
    }
    for place in 0...path.count {
        all.append(path[..<place] + [stranger] + path[place...])
    }
    all.append(path + path + [stranger])
    if path.count > 1 { all.append(path.reversed()) }
    return all.filter { $0 != path }
}

extension [MerkleHash] {
    fileprivate func replacing(_ place: Int, with hash: MerkleHash) -> [MerkleHash] {
        var copy = self
        copy[place] = hash
        return copy
    }
}
