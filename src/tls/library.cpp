#include "tls/library.hpp"

#include <openssl/opensslv.h>

#include "process/shared_library.hpp"

namespace mw::tls {
namespace {

#define MW_TEXT_OF(number) #number
#define MW_LIBRARY_NAME(version) "libssl.so." MW_TEXT_OF(version)

/// libcrypto comes with it.
Library load() {
  const process::SharedLibrary ssl{MW_LIBRARY_NAME(OPENSSL_SHLIB_VERSION), "encrypted connections need OpenSSL's libssl",
                                   "apt-get install libssl3"};
  Library found{};
  ssl.find(found.BIO_clear_flags, "BIO_clear_flags");
  ssl.find(found.BIO_get_data, "BIO_get_data");
  ssl.find(found.BIO_meth_new, "BIO_meth_new");
  ssl.find(found.BIO_meth_set_ctrl, "BIO_meth_set_ctrl");
  ssl.find(found.BIO_meth_set_read_ex, "BIO_meth_set_read_ex");
  ssl.find(found.BIO_meth_set_write_ex, "BIO_meth_set_write_ex");
  ssl.find(found.BIO_new, "BIO_new");
  ssl.find(found.BIO_set_data, "BIO_set_data");
  ssl.find(found.BIO_set_flags, "BIO_set_flags");
  ssl.find(found.BIO_set_init, "BIO_set_init");
  ssl.find(found.ERR_clear_error, "ERR_clear_error");
  ssl.find(found.ERR_peek_last_error, "ERR_peek_last_error");
  ssl.find(found.ERR_reason_error_string, "ERR_reason_error_string");
  ssl.find(found.SSL_CIPHER_find, "SSL_CIPHER_find");
  ssl.find(found.SSL_CTX_ctrl, "SSL_CTX_ctrl");
  ssl.find(found.SSL_CTX_new, "SSL_CTX_new");
  ssl.find(found.SSL_CTX_set_ciphersuites, "SSL_CTX_set_ciphersuites");
  ssl.find(found.SSL_CTX_set_default_read_buffer_len, "SSL_CTX_set_default_read_buffer_len");
  ssl.find(found.SSL_CTX_set_num_tickets, "SSL_CTX_set_num_tickets");
  ssl.find(found.SSL_CTX_set_psk_find_session_callback, "SSL_CTX_set_psk_find_session_callback");
  ssl.find(found.SSL_CTX_set_psk_use_session_callback, "SSL_CTX_set_psk_use_session_callback");
  ssl.find(found.SSL_CTX_set_verify, "SSL_CTX_set_verify");
  ssl.find(found.SSL_SESSION_free, "SSL_SESSION_free");
  ssl.find(found.SSL_SESSION_new, "SSL_SESSION_new");
  ssl.find(found.SSL_SESSION_set1_master_key, "SSL_SESSION_set1_master_key");
  ssl.find(found.SSL_SESSION_set_cipher, "SSL_SESSION_set_cipher");
  ssl.find(found.SSL_SESSION_set_protocol_version, "SSL_SESSION_set_protocol_version");
  ssl.find(found.SSL_do_handshake, "SSL_do_handshake");
  ssl.find(found.SSL_free, "SSL_free");
  ssl.find(found.SSL_get_error, "SSL_get_error");
  ssl.find(found.SSL_get_ex_data, "SSL_get_ex_data");
  ssl.find(found.SSL_is_init_finished, "SSL_is_init_finished");
  ssl.find(found.SSL_new, "SSL_new");
  ssl.find(found.SSL_read_ex, "SSL_read_ex");
  ssl.find(found.SSL_session_reused, "SSL_session_reused");
  ssl.find(found.SSL_set_accept_state, "SSL_set_accept_state");
  ssl.find(found.SSL_set_bio, "SSL_set_bio");
  ssl.find(found.SSL_set_connect_state, "SSL_set_connect_state");
  ssl.find(found.SSL_set_ex_data, "SSL_set_ex_data");
  ssl.find(found.SSL_write_ex, "SSL_write_ex");
  ssl.find(found.TLS_client_method, "TLS_client_method");
  ssl.find(found.TLS_server_method, "TLS_server_method");
  return found;
}

}  // namespace

const Library& library() {
  static const Library loaded = load();
  return loaded;
}

}  // namespace mw::tls
