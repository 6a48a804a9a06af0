// All rooms of the server, put together.
//
// What:    a struct of the project and its rooms, in the order in which they need each other.
// Owner:   owns them.
// Threads: the server's.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>

#include <boost/asio/io_context.hpp>

#include "boinc/server/committer.hpp"
#include "boinc/server/comparisons.hpp"
#include "boinc/server/downloads.hpp"
#include "boinc/server/hold.hpp"
#include "boinc/server/intake.hpp"
#include "boinc/server/project.hpp"
#include "boinc/server/scheduler.hpp"
#include "boinc/server/strangers.hpp"
#include "boinc/server/transitioner.hpp"
#include "boinc/server/upload_store.hpp"
#include "boinc/server/validator.hpp"
#include "boinc/server/waiting_room.hpp"
#include "boinc/server/work_generator.hpp"

namespace mw::boinc {

struct Rooms {
  Rooms(boost::asio::io_context& io, Settings settings, sqlite::Database database, Keys keys, std::function<void()> committed,
        std::function<void(const std::string&)> failed, Comparisons::Done compared, Intake::Write write)
      : project{std::move(settings), std::move(database), std::move(keys)},
        savepoints{project.database},
        generator{project},
        validator{project, generator},
        side{io},
        comparisons{side, std::move(compared)},
        transitioner{project, validator, comparisons, side},
        scheduler{project, generator, transitioner},
        intake{project, transitioner, side, std::move(write)},
        hold{project, intake, comparisons},
        uploads{project, side},
        downloads{project},
        committer{io, project.database, std::move(committed), std::move(failed)},
        waiting{io} {}

  /// Runs `call` in the open transaction. What it throws undoes what it wrote, and nothing else: it is one request's
  /// error. A database that is broken ends all writing.
  template <class Call>
  auto write(const Call& call) -> decltype(call()) {
    const auto before = project.mark();
    try {
      std::optional<sqlite::Savepoint> part;
      if (committer.is_open()) part.emplace(savepoints);
      if constexpr (std::is_void_v<decltype(call())>) {
        call();
        if (part) part->keep();
      } else {
        auto result = call();
        if (part) part->keep();
        return result;
      }
    } catch (const std::exception& e) {
      const auto* database_error = dynamic_cast<const sqlite::DatabaseError*>(&e);
      if (database_error && database_error->is_broken())
        committer.fail(e.what());
      else
        project.go_back_to(before);
      throw;
    }
  }

  Project project;
  sqlite::SavepointStatements savepoints;
  WorkGenerator generator;
  ResultValidator validator;
  SideThread side;
  Comparisons comparisons;
  Transitioner transitioner;
  Scheduler scheduler;
  Intake intake;
  Hold hold;
  UploadStore uploads;
  Downloads downloads;
  Strangers strangers;
  Committer committer;
  WaitingRoom waiting;
};

}  // namespace mw::boinc
