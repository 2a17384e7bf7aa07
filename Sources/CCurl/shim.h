#pragma once
#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

// Swift cannot call variadic functions: one shim for each kind of argument.

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode ccurl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}
typedef size_t (*ccurl_sink)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode ccurl_set_body_sink(CURL *easy, ccurl_sink sink, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, sink);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
}
static inline CURLcode ccurl_set_header_sink(CURL *easy, ccurl_sink sink, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, sink);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
}
typedef CURLcode (*ccurl_context_sink)(CURL *easy, void *context, void *unused);

static inline CURLcode ccurl_set_context_sink(CURL *easy, ccurl_context_sink sink) {
    return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, sink);
}
// Bytes of an answer, collected up to a limit without leaving C: it happens for every header line.
struct ccurl_buffer {
    char *bytes;
    size_t count, capacity, limit;
    int is_over_limit;
};

static inline size_t ccurl_buffer_append(char *bytes, size_t size, size_t count, void *context) {
    struct ccurl_buffer *buffer = (struct ccurl_buffer *)context;
    size_t added = size * count;
    if (added > buffer->limit - buffer->count) {
        buffer->is_over_limit = 1;
        return added == 0 ? 1 : 0;
    }
    if (added > buffer->capacity - buffer->count) {
        size_t capacity = (buffer->count + added) * 2;
        char *larger = (char *)realloc(buffer->bytes, capacity);
        if (!larger) return added == 0 ? 1 : 0;
        buffer->bytes = larger;
        buffer->capacity = capacity;
    }
    if (added > 0) memcpy(buffer->bytes + buffer->count, bytes, added);
    buffer->count += added;
    return added;
}
// A status line begins a new answer: what came before was a 100 or a proxy's.
static inline size_t ccurl_header_append(char *bytes, size_t size, size_t count, void *context) {
    if (size * count > 5 && memcmp(bytes, "HTTP/", 5) == 0) ((struct ccurl_buffer *)context)->count = 0;
    return ccurl_buffer_append(bytes, size, count, context);
}
static inline CURLcode ccurl_collect_body(CURL *easy, struct ccurl_buffer *buffer) {
    return ccurl_set_body_sink(easy, ccurl_buffer_append, buffer);
}
static inline CURLcode ccurl_collect_headers(CURL *easy, struct ccurl_buffer *buffer) {
    return ccurl_set_header_sink(easy, ccurl_header_append, buffer);
}
static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode ccurl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode ccurl_get_pointer(CURL *easy, CURLINFO info, void **value) {
    return curl_easy_getinfo(easy, info, (char **)value);
}
static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
typedef int (*ccurl_socket_sink)(CURL *easy, curl_socket_t descriptor, int what, void *context, void *unused);
typedef int (*ccurl_timer_sink)(CURLM *multi, long milliseconds, void *context);
typedef int (*ccurl_close_sink)(void *context, curl_socket_t descriptor);

static inline CURLMcode ccurl_multi_set_socket_sink(CURLM *multi, ccurl_socket_sink sink, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, sink);
    return code != CURLM_OK ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}
static inline CURLMcode ccurl_multi_set_timer_sink(CURLM *multi, ccurl_timer_sink sink, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, sink);
    return code != CURLM_OK ? code : curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}
static inline CURLcode ccurl_set_close_sink(CURL *easy, ccurl_close_sink sink, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, sink);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, context);
}
static inline CURLcode ccurl_message_result(const CURLMsg *message) { return message->data.result; }

// Leaves a handler that somebody has set.
static inline void ccurl_ignore_broken_pipes(void) {
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL) {
        now.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &now, NULL);
    }
}
