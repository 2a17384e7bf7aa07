#pragma once
#include <mosquitto.h>
#include <mqtt_protocol.h>

// The options are an enum that C callers pass as is; Swift sees a closed enum without these names as integers.
static inline int cmosquitto_use_mqtt5(struct mosquitto *client) {
    return mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
}
static inline int cmosquitto_no_delay(struct mosquitto *client) {
    return mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
}
static inline int cmosquitto_receive_maximum(struct mosquitto *client, int count) {
    return mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, count);
}
static inline int cmosquitto_send_maximum(struct mosquitto *client, int count) {
    return mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, count);
}
static inline int cmosquitto_alpn(struct mosquitto *client, const char *protocol) {
    return mosquitto_string_option(client, MOSQ_OPT_TLS_ALPN, protocol);
}
static inline int cmosquitto_use_system_certificates(struct mosquitto *client) {
    return mosquitto_int_option(client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
}
// The settings of `mosquitto_tls_set` are applied to it as well.
static inline int cmosquitto_use_context(struct mosquitto *client, void *context) {
    int code = mosquitto_int_option(client, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 1);
    return code != MOSQ_ERR_SUCCESS ? code : mosquitto_void_option(client, MOSQ_OPT_SSL_CTX, context);
}
