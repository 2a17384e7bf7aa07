#pragma once
#include <openssl/evp.h>
#include <openssl/cmac.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// The time by which the certificates of a context's peers are judged. Zero seconds: the system's clock. A floor only
// bounds the time from below, so what is not valid yet by it may well be.
struct copenssl_time {
    long long seconds;
    int is_floor;
};

static inline int copenssl_pass_not_yet_valid(int is_ok, X509_STORE_CTX *store) {
    if (is_ok || X509_STORE_CTX_get_error(store) != X509_V_ERR_CERT_NOT_YET_VALID) return is_ok;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}
static inline int copenssl_verify_from_floor(X509_STORE_CTX *store, void *unused) {
    (void)unused;
    X509_STORE_CTX_set_verify_cb(store, copenssl_pass_not_yet_valid);
    return X509_verify_cert(store);
}
// To be called before the context makes its first connection.
static inline void copenssl_set_time(SSL_CTX *context, struct copenssl_time time) {
    if (time.seconds <= 0) return;
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(context), (time_t)time.seconds);
    if (time.is_floor) SSL_CTX_set_cert_verify_callback(context, copenssl_verify_from_floor, NULL);
}
// The same for contexts that a library makes and lets nobody at (libnats): what OpenSSL falls back to for verifying servers.
// A floor is taken for the time itself there. First called before there are connections: the table has no lock.
static inline void copenssl_set_default_time(struct copenssl_time time) {
    static X509_VERIFY_PARAM *servers;
    if (!servers) {
        servers = X509_VERIFY_PARAM_new();
        if (!servers) return;
        X509_VERIFY_PARAM_set1_name(servers, "ssl_server");
        X509_VERIFY_PARAM_set_purpose(servers, X509_PURPOSE_SSL_SERVER);
        X509_VERIFY_PARAM_set_trust(servers, X509_TRUST_SSL_SERVER);
        X509_VERIFY_PARAM_add0_table(servers);
    }
    if (time.seconds > 0) X509_VERIFY_PARAM_set_time(servers, (time_t)time.seconds);
    else X509_VERIFY_PARAM_clear_flags(servers, X509_V_FLAG_USE_CHECK_TIME);
}
