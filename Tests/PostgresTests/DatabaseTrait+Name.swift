import DatabaseTesting
import Testing

extension DatabaseTrait {
    /// The name of the test's database.
    static var name: String {
        let url = url
        guard let start = url.firstRange(of: "dbname='"), let end = url[start.upperBound...].firstIndex(of: "'") else {
            Issue.record("no database in \(url)")
            return ""
        }
        return String(url[start.upperBound..<end])
    }
}
