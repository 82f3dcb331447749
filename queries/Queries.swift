/// Every SQL statement the program runs, as typed functions by topic.
///
/// The members are generated from the `.sql` files beside this one; each file's header says what its function
/// takes and answers.
public enum Queries {}
