// What a master's ranks are told through their environment, and how a manager greets its master.
//
// What:    names of variables; the words that begin a connection of this interface.
// Owner:   nothing.
// Threads: any.
// Use:
//     environment.emplace_back(variable_key, net::to_text(key));
#pragma once

#include "net/handshake.hpp"

namespace mw::mpi {

inline constexpr net::Magic magic{'C', 'P', 'M', 'W', 'M', 'P', 'I', '1'};

/// Variables of the environment in which a rank finds what it must know.
inline constexpr const char* variable_addresses = "MW_MPI_MASTER";
inline constexpr const char* variable_key = "MW_MPI_KEY";
inline constexpr const char* variable_place = "MW_MPI_PLACE";
inline constexpr const char* variable_probe = "MW_MPI_PROBE";
inline constexpr const char* variable_program = "MW_MPI_PROGRAM";
inline constexpr const char* variable_name = "MW_MPI_NAME";
inline constexpr const char* variable_lost_after = "MW_MPI_LOST_AFTER_MS";
inline constexpr const char* variable_folder = "MW_MPI_FOLDER";
inline constexpr const char* variable_peers = "MW_MPI_PEERS";
inline constexpr const char* variable_shell = "MW_MPI_SHELL";
inline constexpr const char* variable_threads = "MW_MPI_THREADS";
inline constexpr const char* variable_words = "MW_MPI_WORDS";

}  // namespace mw::mpi
