#pragma once
#include <errno.h>
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

// Macros with a cast or a sum do not import.
enum { cmodbus_enobase = MODBUS_ENOBASE, cmodbus_bad_data = EMBBADDATA };

// Bytes that a TCP connection has brought so far (tcpi_bytes_received of linux/tcp.h, whose struct tcp_info does not go with
// the shorter one of netinet/tcp.h); 0 on anything else.
static inline uint64_t cmodbus_received_bytes(int fd) {
    unsigned char info[136];
    socklen_t count = sizeof info;
    uint64_t received = 0;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &count) == 0 && count == sizeof info)
        memcpy(&received, info + 128, sizeof received);
    return received;
}
