import ShareServers

extension Lines {
    static func events(_ numbers: Range<Int>, padding: Int = 0) throws -> [Event] {
        try numbers.map { number in
            try Array(line(number, padding: padding).utf8).withUnsafeBytes { try Event(decoding: $0) }
        }
    }
}
