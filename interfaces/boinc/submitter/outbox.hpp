// The files of a batch, while it is on its way.
//
// What:    puts the inputs of its jobs and their data files into a folder, under the names that the project is to know
//          them by.
// Owner:   the caller, of the folder.
// Threads: the submitter's.
// Use:
//     fill_outbox(batch, maker);  route.submit(batch);
#pragma once

#include "boinc/submitter/job_maker.hpp"
#include "boinc/submitter/route.hpp"

namespace mw::boinc {

/// `batch.outbox` is made anew. The inputs are on the disk then, and no longer in the jobs.
void fill_outbox(Batch& batch, const JobMaker& maker);

}  // namespace mw::boinc
