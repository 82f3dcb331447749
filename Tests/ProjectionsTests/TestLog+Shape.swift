import DatabaseTesting
import Postgres

extension TestLog {
    /// The first column of every row, which is text.
    func texts(_ sql: String) async throws -> [String] {
        try await DatabaseTesting.texts(sql, of: url)
    }

    /// Every column, index, right and setting of the tables.
    func shape() async throws -> [String] {
        try await texts(
            """
            SELECT 'index ' || indexname || ' ' || indexdef FROM pg_indexes WHERE schemaname = 'dossier'
            UNION ALL
            SELECT 'column ' || table_name || ' ' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
                || coalesce(column_default, '') || ' ' || coalesce(generation_expression, '')
            FROM information_schema.columns WHERE table_schema = 'dossier'
            UNION ALL
            SELECT 'table ' || relname || ' ' || coalesce(reloptions::text, '') || ' ' || relpersistence::text || ' '
                || coalesce((SELECT string_agg(acl::text, ' ' ORDER BY acl::text) FROM unnest(relacl) acl), '')
            FROM pg_class WHERE relnamespace = 'dossier'::regnamespace AND relkind = 'r'
            UNION ALL
            SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = 'dossier'::regnamespace
            ORDER BY 1
            """)
    }
}
