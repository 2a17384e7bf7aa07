#pragma once
// What Swift's Glibc module leaves out, and the few calls that are macros or variadic in C.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <pwd.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <string.h>

static inline int clinux_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
static inline int clinux_ioctl_int(int fd, unsigned long request, int *value) { return ioctl(fd, request, value); }
static inline int clinux_ioctl_none(int fd, unsigned long request) { return ioctl(fd, request); }
static inline int clinux_fcntl(int fd, int command, int value) { return fcntl(fd, command, value); }
// The names of threads are GNU additions that the Glibc module leaves undeclared.
static inline void clinux_set_thread_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
static inline void clinux_thread_name(char name[16]) { prctl(PR_GET_NAME, name, 0, 0, 0); }
static inline int clinux_prctl(int option, unsigned long value) { return prctl(option, value, 0, 0, 0); }

// Holds back partial TCP segments while on; what is held back leaves when it is switched off.
static inline int clinux_set_cork(int fd, int on) { return setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on); }

// Acknowledges received segments at once instead of with the next data we send; the kernel forgets it by and by.
static inline int clinux_acknowledge_at_once(int fd) {
    int on = 1;
    return setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

// The build id of the running program (ELF note NT_GNU_BUILD_ID), where its program headers are found by the kernel.
static inline const unsigned char *clinux_build_id(size_t *count) {
    const Elf64_Phdr *header = (const Elf64_Phdr *)getauxval(AT_PHDR);
    size_t headers = getauxval(AT_PHNUM);
    uintptr_t load = 0;
    *count = 0;
    for (size_t i = 0; i < headers; i++)
        if (header[i].p_type == PT_PHDR) load = (uintptr_t)header - header[i].p_vaddr;
    for (size_t i = 0; i < headers; i++) {
        if (header[i].p_type != PT_NOTE) continue;
        const unsigned char *next = (const unsigned char *)(load + header[i].p_vaddr);
        const unsigned char *end = next + header[i].p_memsz;
        while (next + sizeof(Elf64_Nhdr) <= end) {
            const Elf64_Nhdr *note = (const Elf64_Nhdr *)next;
            const unsigned char *name = next + sizeof *note;
            const unsigned char *content = name + ((note->n_namesz + 3u) & ~3u);
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
                *count = note->n_descsz;
                return content;
            }
            next = content + ((note->n_descsz + 3u) & ~3u);
        }
    }
    return 0;
}

// A descriptor that becomes readable when the process ends.
static inline int clinux_pidfd_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

// Starts a program that ends with the calling thread: it gets `last_signal` when that thread is gone. Output and errors go
// to `output`; every other descriptor is closed. With `user` other than 0 it runs as that user and group, which must be
// done here: a change of user by the program itself would cancel the signal. Returns the process, or -1.
// Between fork and exec only what is safe in a signal handler is called.
static inline pid_t clinux_spawn_bound(const char *path, char *const arguments[], char *const environment[], int output,
                                       uid_t user, gid_t group, int last_signal) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child != 0) return child;
    if (user != 0) {
        if (syscall(SYS_setgroups, 1, &group) != 0 || syscall(SYS_setresgid, group, group, group) != 0 ||
            syscall(SYS_setresuid, user, user, user) != 0)
            _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, last_signal, 0, 0, 0);
    if (getppid() != parent) _exit(126);
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, 0);
    signal(SIGPIPE, SIG_DFL);
    int input = open("/dev/null", O_RDONLY);
    dup2(input, 0);
    dup2(output, 1);
    dup2(output, 2);
    syscall(SYS_close_range, 3, ~0U, 0);
    execve(path, arguments, environment);
    _exit(127);
}
