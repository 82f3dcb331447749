/// Why Manila refused a call, from the body of its answer.
///
/// Manila wraps it in the fault's name (`{"itemNotFound": {"code", "message"}}`), Keystone in `error`.
struct Fault: Sendable, Hashable {
    let code: Int
    /// As sent, at most 4,096 bytes of it; nil where the answer has none that can be read.
    let message: String?

    /// Nil where the call did not fail, or was never answered.
    init?(exchange: Exchange, response: Body) {
        guard exchange.status >= 400 else { return nil }
        let fault = response.members.flatMap(Self.fault)
        if case .number(let number)? = fault?["code"], (400...999).contains(number), number == number.rounded() {
            code = Int(number)
        } else {
            code = exchange.status
        }
        guard case .string(let message)? = fault?["message"] else {
            self.message = nil
            return
        }
        self.message = message.clipped(bytes: 4096)
    }

    /// The first member, by name, that is an object with a message; or the body itself.
    private static func fault(in members: [String: JSON]) -> [String: JSON]? {
        for name in members.keys.sorted() {
            if case .object(let fault)? = members[name], case .string? = fault["message"] { return fault }
        }
        return members
    }

    var json: JSON {
        var members: [String: JSON] = ["code": .number(Double(code))]
        if let message { members["message"] = .string(message) }
        return .object(members)
    }
}
