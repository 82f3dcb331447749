import DatabaseTesting
import Postgres
import Testing

@Suite(.database) struct NotificationTests {
    private func notify(_ channel: String, _ payload: String, by connection: Connection) async throws {
        try await connection.run {
            _ = try $0.execute(.asked("SELECT pg_notify($1, $2)", Bindings(of: channel, payload)))
        }
    }

    @Test(
        "What is notified by others is told on the channel that is listened to, whatever its name",
        arguments: ["log", "Log", "two words", "a\"b", "grün", "select"])
    func delivered(channel: String) async throws {
        let listener = try await Connection.open(DatabaseTrait.url)
        let speaker = try await Connection.open(DatabaseTrait.url)
        try await listener.run { try $0.listen(channel) }
        for payload in ["one", "", "a 'quoted' \"payload\" é"] {
            try await notify(channel, payload, by: speaker)
            let told = try await listener.run { try $0.notification(within: .seconds(60)) }
            #expect(told?.channel == channel)
            #expect(told?.payload == payload)
        }
    }

    @Test("Notifications that come while another statement runs are kept, in order")
    func kept() async throws {
        let listener = try await Connection.open(DatabaseTrait.url)
        let speaker = try await Connection.open(DatabaseTrait.url)
        try await listener.run { try $0.listen("log") }
        for number in 0..<50 { try await notify("log", String(number), by: speaker) }
        #expect(try await listener.value("SELECT 1") == Int32(1))
        for number in 0..<50 {
            let told = try await listener.run { try $0.notification(within: .seconds(60)) }
            #expect(told?.payload == String(number))
        }
        #expect(try await listener.run { try $0.notification(within: .zero) } == nil)
    }

    @Test("Neither other channels nor transactions that were rolled back are told of")
    func notTold() async throws {
        let listener = try await Connection.open(DatabaseTrait.url)
        let speaker = try await Connection.open(DatabaseTrait.url)
        try await listener.run { try $0.listen("log") }
        try await speaker.command("BEGIN; SELECT pg_notify('log', 'rolled back'); ROLLBACK")
        try await notify("LOG", "another channel", by: speaker)
        try await notify("log", "told", by: speaker)
        let told = try await listener.run { try $0.notification(within: .seconds(60)) }
        #expect(told?.payload == "told")
    }

    @Test("A listener that waits is told as soon as something is notified", .timeLimit(.minutes(20)))
    func waiting() async throws {
        let listener = try await Connection.open(DatabaseTrait.url)
        let speaker = try await Connection.open(DatabaseTrait.url)
        try await listener.run { try $0.listen("log") }
        let task = Task { try await listener.run { try $0.notification(within: .seconds(3600)) } }
        try await notify("log", "x", by: speaker)
        #expect(try await task.value?.payload == "x")
    }

    @Test("A listener that nobody tells anything gets nothing when its time is up")
    func nothing() async throws {
        let listener = try await Connection.open(DatabaseTrait.url)
        try await listener.run { try $0.listen("log") }
        #expect(try await listener.run { try $0.notification(within: .milliseconds(20)) } == nil)
        #expect(try await listener.run { try $0.notification(within: .seconds(-1)) } == nil)
    }

    @Test("A listener whose task is cancelled stops waiting, and its connection goes on", .timeLimit(.minutes(20)))
    func cancelled() async throws {
        let listener = try await Connection.open(DatabaseTrait.url)
        try await listener.run { try $0.listen("log") }
        for _ in 0..<5 {
            let gate = Gate()
            let task = Task {
                try await listener.run { listener in
                    await gate.pass()
                    return try listener.notification(within: .seconds(3600))
                }
            }
            try await wait(for: "the listener to have its turn") { gate.arrived == 1 }
            gate.open()
            task.cancel()
            #expect(try await task.value == nil)
            #expect(try await listener.value("SELECT 1") == Int32(1))
        }
    }

    @Test("A listener whose session is ended learns that the server is away", .timeLimit(.minutes(20)))
    func terminated() async throws {
        let listener = try await Connection.open(DatabaseTrait.url)
        let observer = try await Connection.open(DatabaseTrait.url)
        let session: Int32 = try await listener.value("SELECT pg_backend_pid()")
        try await listener.run { try $0.listen("log") }
        let task = Task { try await listener.run { try $0.notification(within: .seconds(3600)) } }
        #expect(try await observer.value("SELECT pg_terminate_backend($1)", Bindings(of: session)) == true)
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.kind == .unavailable)
    }
}
