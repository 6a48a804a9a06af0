#include "boinc/submitter/run_record.hpp"

#include "boinc/protocol/md5.hpp"

namespace mw::boinc {

RunRecord::RunRecord(const std::string& path) : database_{path} {
  database_.execute(
      "CREATE TABLE IF NOT EXISTS run(token TEXT NOT NULL, batches INTEGER NOT NULL DEFAULT 0);"
      "CREATE TABLE IF NOT EXISTS batch(name TEXT PRIMARY KEY, is_submitted INTEGER NOT NULL);"
      "CREATE TABLE IF NOT EXISTS job(name TEXT PRIMARY KEY, batch TEXT NOT NULL)");
  sqlite::Statement find = database_.prepare("SELECT token FROM run");
  if (find.step())
    token_ = find.text(0);
  else
    make_token();
}

void RunRecord::make_token() {
  token_ = random_hex(4);
  database_.prepare("INSERT INTO run(token) VALUES (?)").run(token_);
}

std::map<std::string, RunRecord::Earlier> RunRecord::earlier() {
  std::map<std::string, Earlier> jobs;
  sqlite::Statement select =
      database_.prepare("SELECT job.name, job.batch, batch.is_submitted FROM job JOIN batch ON batch.name = job.batch");
  while (select.step()) jobs[std::string{select.text(0)}] = {std::string{select.text(1)}, select.integer(2) != 0};
  return jobs;
}

std::vector<std::string> RunRecord::batches() {
  std::vector<std::string> names;
  sqlite::Statement select = database_.prepare("SELECT name FROM batch ORDER BY rowid");
  while (select.step()) names.emplace_back(select.text(0));
  return names;
}

std::int64_t RunRecord::new_batch_number() {
  database_.execute("UPDATE run SET batches = batches + 1");
  return database_.integer("SELECT batches FROM run");
}

void RunRecord::begin(const Batch& batch) {
  sqlite::Transaction transaction{database_};
  database_.prepare("INSERT OR IGNORE INTO batch(name, is_submitted) VALUES (?, 0)").run(batch.name);
  sqlite::Statement insert = database_.prepare("INSERT OR REPLACE INTO job(name, batch) VALUES (?, ?)");
  for (const Job& job : batch.jobs) insert.run(job.name, batch.name);
  transaction.commit();
  database_.sync();
}

void RunRecord::finish(const std::string& batch) {
  database_.prepare("UPDATE batch SET is_submitted = 1 WHERE name = ?").run(batch);
  database_.sync();
}

void RunRecord::forget(const std::string& batch) {
  sqlite::Transaction transaction{database_};
  database_.prepare("DELETE FROM job WHERE batch = ?").run(batch);
  database_.prepare("DELETE FROM batch WHERE name = ?").run(batch);
  transaction.commit();
}

void RunRecord::forget_job(const std::string& job) { database_.prepare("DELETE FROM job WHERE name = ?").run(job); }

void RunRecord::clear() {
  sqlite::Transaction transaction{database_};
  database_.execute("DELETE FROM job; DELETE FROM batch; DELETE FROM run");
  make_token();
  transaction.commit();
}

}  // namespace mw::boinc
