/* A preloaded library that lets one call under one folder fail: a disk that is full or broken, on demand.

   FAULT_UNDER  folder (real path); calls elsewhere are left alone
   FAULT_LOG    file to which the name of each such call is appended
   FAULT_CALL   write, sync, rename, create, truncate or mkdir
   FAULT_AT     which of these calls fails, from 1
   FAULT_KIND   ENOSPC: it and all that need room after it; EIO: it alone; SHORT: a write of half the octets */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_int calls;
static atomic_int failed;

static int under(const char *path) {
    const char *folder = getenv("FAULT_UNDER");
    if (folder == NULL || path == NULL || *folder == 0) return 0;
    return strncmp(path, folder, strlen(folder)) == 0;
}

static int descriptor_under(int descriptor) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return under(path);
}

static void tell(const char *call) {
    const char *log = getenv("FAULT_LOG");
    if (log == NULL) return;
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT, 0600);
    char line[32];
    int length = snprintf(line, sizeof line, "%s\n", call);
    if (syscall(SYS_write, descriptor, line, length) < 0) abort();
    syscall(SYS_close, descriptor);
}

/* 0, or the error number; -1: half of a write. */
static int fault(const char *call) {
    tell(call);
    const char *which = getenv("FAULT_CALL"), *at = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND");
    if (which == NULL || at == NULL || kind == NULL) return 0;
    int full = strcmp(kind, "ENOSPC") == 0;
    if (full && atomic_load(&failed) && (strcmp(call, "write") == 0 || strcmp(call, "create") == 0)) return ENOSPC;
    if (strcmp(which, call) != 0 || atomic_fetch_add(&calls, 1) + 1 != atoi(at)) return 0;
    atomic_store(&failed, 1);
    if (strcmp(kind, "SHORT") == 0) return -1;
    return full ? ENOSPC : EIO;
}

#define GUARD(condition, call)                 \
    do {                                       \
        int error = (condition) ? fault(call) : 0; \
        if (error > 0) {                       \
            errno = error;                     \
            return -1;                         \
        }                                      \
    } while (0)

ssize_t write(int descriptor, const void *data, size_t length) {
    int error = descriptor_under(descriptor) ? fault("write") : 0;
    if (error > 0) {
        errno = error;
        return -1;
    }
    return REAL(write)(descriptor, data, error < 0 && length > 1 ? length / 2 : length);
}

int fsync(int descriptor) {
    GUARD(descriptor_under(descriptor), "sync");
    return REAL(fsync)(descriptor);
}

int rename(const char *from, const char *to) {
    GUARD(under(to), "rename");
    return REAL(rename)(from, to);
}

int mkdir(const char *path, mode_t mode) {
    GUARD(under(path), "mkdir");
    return REAL(mkdir)(path, mode);
}

int truncate64(const char *path, off64_t length) {
    GUARD(under(path), "truncate");
    return REAL(truncate64)(path, length);
}

int ftruncate64(int descriptor, off64_t length) {
    GUARD(descriptor_under(descriptor), "truncate");
    return REAL(ftruncate64)(descriptor, length);
}

int truncate(const char *path, off_t length) {
    GUARD(under(path), "truncate");
    return REAL(truncate)(path, length);
}

int ftruncate(int descriptor, off_t length) {
    GUARD(descriptor_under(descriptor), "truncate");
    return REAL(ftruncate)(descriptor, length);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    GUARD((flags & O_CREAT) && under(path), "create");
    return REAL(open64)(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    GUARD((flags & O_CREAT) && under(path), "create");
    return REAL(open)(path, flags, mode);
}
