// SPDX-License-Identifier: Apache-2.0
// A disk that fails on command, beneath SQLite: a file system layer over the default one. Named
// "longhaul-fault"; one for the process, and so are its mood and its platter, which knows what a
// power failure would leave of database and log.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "support/platter.hpp"

namespace longhaul::test {

class fault_vfs {
 public:
  enum class mood : int {
    good,
    full,           ///< writes find no space
    no_sync,        ///< what was written cannot be made durable
    no_sync_once,   ///< … one time
    read_only,      ///< the file system was remounted read-only
    broken_writes,  ///< writes fail
    broken_file,    ///< writes of the database (not of its log) fail
    broken_reads,   ///< reads of the database (not of its log) fail
  };

  static constexpr const char* name = "longhaul-fault";

  /// Registers it with SQLite, once.
  static void install() {
    static const bool done = [] {
      sqlite3_vfs& own = table();
      sqlite3_vfs* const real = sqlite3_vfs_find(nullptr);
      own = *real;
      own.pNext = nullptr;
      own.zName = name;
      own.pAppData = real;
      own.szOsFile = static_cast<int>(sizeof(file)) + real->szOsFile;
      own.xOpen = open;
      own.xDelete = [](sqlite3_vfs* vfs, const char* path, int sync_folder) {
        disk().removed(path);
        auto* const beneath = static_cast<sqlite3_vfs*>(vfs->pAppData);
        return beneath->xDelete(beneath, path, sync_folder);
      };
      sqlite3_vfs_register(&own, 0);
      return true;
    }();
    (void)done;
  }
  static void set(mood now) { current() = now; }
  static std::size_t syncs() { return sync_count(); }
  static platter& disk() {
    static platter one;
    return one;
  }

 private:
  struct file {
    sqlite3_file base;
    bool database;
    const char* path;      // of database and log; null: nothing that has to last
    std::size_t failures;  // of syncs, those this file was told of
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };

  static sqlite3_vfs& table() {
    static sqlite3_vfs own;
    return own;
  }
  static std::atomic<mood>& current() {
    static std::atomic<mood> now{mood::good};
    return now;
  }
  static std::atomic<std::size_t>& sync_count() {
    static std::atomic<std::size_t> count{0};
    return count;
  }
  static sqlite3_file* real(sqlite3_file* of) { return reinterpret_cast<file*>(of)->real(); }
  static const char* path_of(sqlite3_file* of) { return reinterpret_cast<file*>(of)->path; }

  static int write_fault(sqlite3_file* of) {
    switch (current().load()) {
      case mood::full:
        return SQLITE_FULL;
      case mood::read_only:
      case mood::broken_writes:
        return SQLITE_IOERR_WRITE;
      case mood::broken_file:
        return reinterpret_cast<file*>(of)->database ? SQLITE_IOERR_WRITE : SQLITE_OK;
      default:
        return SQLITE_OK;
    }
  }
  static int sync_fault() {
    mood once = mood::no_sync_once;
    if (current().compare_exchange_strong(once, mood::good)) return SQLITE_IOERR_FSYNC;
    return current() == mood::no_sync ? SQLITE_IOERR_FSYNC : SQLITE_OK;
  }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* opened, int flags, int* out) {
    auto* mine = new (opened) file{};
    auto* const beneath = static_cast<sqlite3_vfs*>(vfs->pAppData);
    mine->database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    const int code = beneath->xOpen(beneath, path, mine->real(), flags, out);
    if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
      mine->path = path;  // SQLite keeps it until the file is closed
      disk().opened(path);
      mine->failures = disk().failures(path);
    }
    mine->base.pMethods = mine->real()->pMethods != nullptr ? &methods() : nullptr;
    return code;
  }

  static int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    if (const int fault = write_fault(f); fault != SQLITE_OK) return fault;
    const int code = real(f)->pMethods->xWrite(real(f), from, n, at);
    if (const char* const path = path_of(f); code == SQLITE_OK && path != nullptr) {
      disk().written(path, static_cast<const char*>(from), static_cast<std::size_t>(n),
                     static_cast<std::size_t>(at));
    }
    return code;
  }
  static int sync(sqlite3_file* f, int flags) {
    ++sync_count();
    const char* const path = path_of(f);
    const std::size_t much = path != nullptr ? disk().sync_begins(path) : 0;
    const int fault = sync_fault();
    const int code = fault != SQLITE_OK ? fault : real(f)->pMethods->xSync(real(f), flags);
    if (path == nullptr) return code;
    disk().sync_ended(path, much, code == SQLITE_OK);
    const std::size_t seen =
        std::exchange(reinterpret_cast<file*>(f)->failures, disk().failures(path));
    return seen == disk().failures(path) ? SQLITE_OK : SQLITE_IOERR_FSYNC;
  }

  static const sqlite3_io_methods& methods() {
    static const sqlite3_io_methods all = [] {
      sqlite3_io_methods m{};
      m.iVersion = 2;
      m.xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); };
      m.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
        if (current() == mood::broken_reads && reinterpret_cast<file*>(f)->database) {
          return SQLITE_IOERR_READ;
        }
        return real(f)->pMethods->xRead(real(f), to, n, at);
      };
      m.xWrite = write;
      m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
        const int code = real(f)->pMethods->xTruncate(real(f), size);
        const char* const path = path_of(f);
        if (code == SQLITE_OK && path != nullptr)
          disk().truncated(path, static_cast<std::size_t>(size));
        return code;
      };
      m.xSync = sync;
      m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
        return real(f)->pMethods->xFileSize(real(f), size);
      };
      m.xLock = [](sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); };
      m.xUnlock = [](sqlite3_file* f, int level) {
        return real(f)->pMethods->xUnlock(real(f), level);
      };
      m.xCheckReservedLock = [](sqlite3_file* f, int* out) {
        return real(f)->pMethods->xCheckReservedLock(real(f), out);
      };
      m.xFileControl = [](sqlite3_file* f, int what, void* with) {
        return real(f)->pMethods->xFileControl(real(f), what, with);
      };
      m.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
      m.xDeviceCharacteristics = [](sqlite3_file* f) {
        return real(f)->pMethods->xDeviceCharacteristics(real(f));
      };
      m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** to) {
        return real(f)->pMethods->xShmMap(real(f), page, size, extend, to);
      };
      m.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
        return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
      };
      m.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
      m.xShmUnmap = [](sqlite3_file* f, int remove) {
        return real(f)->pMethods->xShmUnmap(real(f), remove);
      };
      return m;
    }();
    return all;
  }
};

}  // namespace longhaul::test
