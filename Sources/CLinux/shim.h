#pragma once
// What Swift's Glibc module leaves out, and the few calls that are macros or variadic in C.
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
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static inline int clinux_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
static inline int clinux_ioctl_int(int fd, unsigned long request, int *value) { return ioctl(fd, request, value); }
static inline int clinux_ioctl_none(int fd, unsigned long request) { return ioctl(fd, request); }
static inline int clinux_fcntl(int fd, int command, int value) { return fcntl(fd, command, value); }
static inline int clinux_prctl(int option, unsigned long value) { return prctl(option, value, 0, 0, 0); }

// Holds back partial TCP segments while on; what is held back leaves when it is switched off.
static inline int clinux_set_cork(int fd, int on) { return setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on); }
