#pragma once
#include <libwebsockets.h>

// What Swift cannot import from the header: macros that are casts or shifts, and a union by value.

#define CWS_TX_PACKET_MAX (80 * 1024)

// One protocol, bound by name to every adopted descriptor. The array ends in a zeroed entry.
static inline void cws_set_protocol(struct lws_protocols *two, const char *name, lws_callback_function *callback,
                                    size_t rx_buffer_size)
{
    static const struct lws_protocols none;
    two[0] = none;
    two[1] = none;
    two[0].name = name;
    two[0].callback = callback;
    two[0].rx_buffer_size = rx_buffer_size;
    two[0].tx_packet_size = CWS_TX_PACKET_MAX;
}

static inline uint64_t cws_option_explicit_vhosts(void) { return LWS_SERVER_OPTION_EXPLICIT_VHOSTS; }
static inline uint64_t cws_option_tls_init(void) { return LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT; }
static inline uint64_t cws_option_no_canonical_name(void) { return LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME; }
static inline int cws_port_none(void) { return CONTEXT_PORT_NO_LISTEN; }
static inline int cws_port_server(void) { return CONTEXT_PORT_NO_LISTEN_SERVER; }
static inline int cws_log_errors(void) { return LLL_ERR; }

// Hands an accepted connection to libwebsockets as a byte stream, with TLS if the vhost has a certificate.
static inline struct lws *cws_adopt_stream(struct lws_vhost *vhost, int fd, int tls, const char *protocol, void *opaque)
{
    lws_adopt_desc_t desc;
    memset(&desc, 0, sizeof(desc));
    desc.vh = vhost;
    desc.type = (lws_adoption_type)(LWS_ADOPT_SOCKET | (tls ? LWS_ADOPT_ALLOW_SSL : 0));
    desc.fd.sockfd = fd;
    desc.vh_prot_name = protocol;
    desc.opaque = opaque;
    return lws_adopt_descriptor_vhost_via_info(&desc);
}

// Lets libwebsockets watch a listening socket without reading from it.
static inline struct lws *cws_adopt_listener(struct lws_vhost *vhost, int fd, const char *protocol, void *opaque)
{
    lws_adopt_desc_t desc;
    memset(&desc, 0, sizeof(desc));
    desc.vh = vhost;
    desc.type = LWS_ADOPT_RAW_FILE_DESC;
    desc.fd.filefd = fd;
    desc.vh_prot_name = protocol;
    desc.opaque = opaque;
    return lws_adopt_descriptor_vhost_via_info(&desc);
}

static inline void cws_close_soon(struct lws *wsi) { lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC); }
static inline void cws_close_now(struct lws *wsi) { lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC); }
static inline void cws_no_timeout(struct lws *wsi) { lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0); }

static inline void cws_read(struct lws *wsi, int enable)
{
    lws_rx_flow_control(wsi, (enable ? 1 : 0) | LWS_RXFLOW_REASON_FLAG_PROCESS_NOW);
}

// A timer that knows whose it is.
struct cws_timer {
    lws_sorted_usec_list_t sul; // first, so that the callback's pointer is this struct's
    void *owner;
};

static inline void *cws_timer_owner(lws_sorted_usec_list_t *sul) { return ((struct cws_timer *)sul)->owner; }
static inline void cws_timer_start(struct lws_context *context, struct cws_timer *timer, sul_cb_t callback,
                                   int64_t microseconds)
{
    lws_sul_schedule(context, 0, &timer->sul, callback, microseconds);
}

// GNU extensions that the Glibc module leaves out.
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

extern int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags);

static inline int cws_accept(int listener, struct sockaddr *address, socklen_t *length)
{
    return accept4(listener, address, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

struct cws_credentials {
    int pid;
    unsigned uid, gid;
};

// As struct ucred of socket(7).
static inline int cws_peer_credentials(int descriptor, struct cws_credentials *credentials)
{
    socklen_t length = sizeof(*credentials);
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, credentials, &length);
}

// The supplementary groups of the peer (SO_PEERGROUPS, Linux 4.13); how many, or -1.
static inline int cws_peer_groups(int descriptor, unsigned *groups, unsigned count)
{
    socklen_t length = count * sizeof(*groups);
    if (getsockopt(descriptor, SOL_SOCKET, 59, groups, &length) != 0)
        return -1;
    return (int)(length / sizeof(*groups));
}

// The peer has closed or shut down its sending half (poll(2)).
static inline short cws_poll_hangup(void) { return 0x2000; }

static inline int cws_set_option(int descriptor, int level, int option)
{
    int on = 1;
    return setsockopt(descriptor, level, option, &on, sizeof(on));
}
static inline int cws_reuse_address(int descriptor) { return cws_set_option(descriptor, SOL_SOCKET, SO_REUSEADDR); }
static inline int cws_ipv6_only(int descriptor) { return cws_set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY); }
static inline int cws_no_delay(int descriptor) { return cws_set_option(descriptor, IPPROTO_TCP, TCP_NODELAY); }

static inline int cws_write(struct lws *wsi, unsigned char *bytes, size_t count)
{
    return lws_write(wsi, bytes, count, LWS_WRITE_RAW);
}
static inline int cws_socket(int family) { return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

// A last word to a client that is turned away; never blocks, never raises SIGPIPE.
static inline void cws_say(int descriptor, const void *bytes, size_t count)
{
    (void)!send(descriptor, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
}
