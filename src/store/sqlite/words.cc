// Words between processes, and facts.
#include "store/sqlite/embedded.h"

namespace twolane::store::sqlite {

// Also beside an owner: a word is how other processes ask for something.
Status SqliteStore::leave_word(const Word& word) {
  if (accepting_) return fail("store.busy", "a job is being accepted");
  auto transaction = TRY(Transaction::begin(*connection_));
  Query insert(*connection_,
               "INSERT INTO word(word, job, verb, argument) "
               "VALUES((SELECT coalesce(max(word), 0) + 1 FROM word), ?1, ?2, ?3)");
  CHECKED(insert.with(word.job.n, word.verb, word.argument).done());
  return transaction.commit();
}

Result<std::vector<Word>> SqliteStore::words() {
  Query query(*connection_, "SELECT word, job, verb, argument FROM word ORDER BY word");
  query.with();
  std::vector<Word> words;
  while (TRY(query.next()))
    words.push_back({static_cast<uint64_t>(query.integer(0)), id_at<JobTag>(query, 1),
                     query.string(2), query.string(3)});
  return words;
}

Status SqliteStore::drop_word(uint64_t id) {
  auto transaction = TRY(change());
  CHECKED(Query(*connection_, "DELETE FROM word WHERE word = ?1").with(id).done());
  return transaction.commit();
}

Status SqliteStore::remember(std::string_view key, std::string_view value) {
  auto transaction = TRY(change());
  Query query(*connection_,
              "INSERT INTO fact(key, value) VALUES(?1, ?2) "
              "ON CONFLICT(key) DO UPDATE SET value = excluded.value");
  CHECKED(query.with(key, value).done());
  return transaction.commit();
}

Result<std::string> SqliteStore::recall(std::string_view key) {
  Query query(*connection_, "SELECT value FROM fact WHERE key = ?1");
  query.with(key);
  return TRY(query.next()) ? query.string(0) : std::string();
}

}  // namespace twolane::store::sqlite
