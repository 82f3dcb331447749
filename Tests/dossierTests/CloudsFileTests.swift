import Foundation
import ShareServers
import Testing

@testable import dossier

/// `clouds.yaml` and `secure.yaml`, as openstacksdk reads them.
@Suite struct CloudsFileTests {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "clouds-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    private func write(_ text: String, to file: URL) throws {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    private func members(of name: String, in found: (path: String, clouds: [CloudEntry])?) -> [String: JSON]? {
        found?.clouds.first { $0.name == name }?.members
    }

    @Test(
        "YAML is read as JSON is: mappings, merges, lists; scalars keep their text, so that a password of digits stays")
    func yaml() throws {
        try withFolder { folder in
            let file = folder.appending(path: "some.yaml")
            try write(
                """
                # As an operator writes it.
                common: &common
                  region_name: one
                  auth: {auth_url: "https://keystone.example.org:5000", project_name: service}
                clouds:
                  alpha:
                    <<: *common
                    region_name: two
                    verify: yes
                    cacert: ~
                  beta:
                    auth:
                      username: dossier
                      password: 0123
                      user_domain_name: 'null'
                    regions: [x, {name: y, values: {interface: internal}}]
                """, to: file)
            let found = try CloudEntry.find(file.path, environment: ["HOME": folder.path])
            #expect(found?.path == file.path && found?.clouds.map(\.name) == ["alpha", "beta"])
            #expect(
                members(of: "alpha", in: found) == [
                    "region_name": "two", "verify": "yes", "cacert": .null,
                    "auth": ["auth_url": "https://keystone.example.org:5000", "project_name": "service"],
                ])
            #expect(
                members(of: "beta", in: found) == [
                    "auth": ["username": "dossier", "password": "0123", "user_domain_name": "null"],
                    "regions": ["x", ["name": "y", "values": ["interface": "internal"]]],
                ])
        }
    }

    @Test("A file that is no YAML is named with the line, and without what stands there")
    func broken() throws {
        try withFolder { folder in
            let file = folder.appending(path: "clouds.yaml")
            try write("clouds:\n  alpha:\n    auth: {password: s3cret\n  beta: ]\n", to: file)
            let failure = #expect(throws: Failure.self) { try CloudEntry.find(file.path, environment: [:]) }
            #expect(failure?.text.contains("clouds.yaml:4") == true, "\(failure?.text ?? "")")
            #expect(failure?.text.contains("s3cret") == false)
        }
    }

    @Test("The file is found in the home's usual place, and secure.yaml, there or where it is said to be, adds to it")
    func places() throws {
        try withFolder { home in
            let folder = home.appending(path: ".config/openstack")
            try write(
                "clouds: {alpha: {auth: {username: u, password: open}}}", to: folder.appending(path: "clouds.yaml"))
            func found(_ environment: [String: String] = [:]) throws -> (path: String, clouds: [CloudEntry])? {
                try CloudEntry.find(nil, environment: ["HOME": home.path].merging(environment) { $1 })
            }
            #expect(members(of: "alpha", in: try found()) == ["auth": ["username": "u", "password": "open"]])
            try write(
                "clouds: {delta: {}, alpha: {auth: {password: hidden}}}", to: folder.appending(path: "secure.yaml"))
            #expect(members(of: "alpha", in: try found()) == ["auth": ["username": "u", "password": "hidden"]])
            #expect(try found()?.clouds.map(\.name) == ["alpha", "delta"])
            let elsewhere = home.appending(path: "elsewhere.yaml")
            try write("clouds: {alpha: {auth: {password: other}}}", to: elsewhere)
            #expect(
                members(of: "alpha", in: try found(["OS_CLIENT_SECURE_FILE": elsewhere.path])) == [
                    "auth": ["username": "u", "password": "other"]
                ])
        }
    }

    @Test("A file that is no YAML of clouds, or cannot be read, is refused by name")
    func refused() throws {
        try withFolder { folder in
            let file = folder.appending(path: "empty.yaml")
            try write("regions: []\n", to: file)
            #expect(throws: Failure.self) { try CloudEntry.find(file.path, environment: [:]) }
            #expect(throws: Failure.self) { try CloudEntry.find(folder.path + "/none.yaml", environment: [:]) }
        }
    }
}
