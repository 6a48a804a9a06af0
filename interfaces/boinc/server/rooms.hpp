// All rooms of the server, put together.
//
// What:    a struct of the project and its rooms, in the order in which they need each other.
// Owner:   owns them.
// Threads: the server's.
#pragma once

#include <boost/asio/io_context.hpp>

#include "boinc/server/committer.hpp"
#include "boinc/server/downloads.hpp"
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
        std::function<void(const std::string&)> failed)
      : project{std::move(settings), std::move(database), std::move(keys)},
        generator{project},
        validator{project, generator},
        transitioner{project, validator},
        scheduler{project, generator, transitioner},
        intake{project, transitioner},
        uploads{project},
        downloads{project},
        committer{io, project.database, std::move(committed), std::move(failed)},
        waiting{io} {}

  Project project;
  WorkGenerator generator;
  ResultValidator validator;
  Transitioner transitioner;
  Scheduler scheduler;
  Intake intake;
  UploadStore uploads;
  Downloads downloads;
  Strangers strangers;
  Committer committer;
  WaitingRoom waiting;
};

}  // namespace mw::boinc
