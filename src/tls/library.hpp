// OpenSSL's libssl, loaded when it is first used.
//
// What:    its functions, and those of libcrypto that a session needs, under their own names.
// Owner:   the process; it stays loaded.
// Threads: any.
// Use:
//     library().SSL_new(context);                           // throws InterfaceError if there is no libssl
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace mw::tls {

struct Library {
  decltype(&::BIO_clear_flags) BIO_clear_flags;
  decltype(&::BIO_get_data) BIO_get_data;
  decltype(&::BIO_meth_new) BIO_meth_new;
  decltype(&::BIO_meth_set_ctrl) BIO_meth_set_ctrl;
  decltype(&::BIO_meth_set_read_ex) BIO_meth_set_read_ex;
  decltype(&::BIO_meth_set_write_ex) BIO_meth_set_write_ex;
  decltype(&::BIO_new) BIO_new;
  decltype(&::BIO_set_data) BIO_set_data;
  decltype(&::BIO_set_flags) BIO_set_flags;
  decltype(&::BIO_set_init) BIO_set_init;
  decltype(&::ERR_clear_error) ERR_clear_error;
  decltype(&::ERR_peek_last_error) ERR_peek_last_error;
  decltype(&::ERR_reason_error_string) ERR_reason_error_string;
  decltype(&::SSL_CIPHER_find) SSL_CIPHER_find;
  decltype(&::SSL_CTX_ctrl) SSL_CTX_ctrl;
  decltype(&::SSL_CTX_new) SSL_CTX_new;
  decltype(&::SSL_CTX_set_ciphersuites) SSL_CTX_set_ciphersuites;
  decltype(&::SSL_CTX_set_default_read_buffer_len) SSL_CTX_set_default_read_buffer_len;
  decltype(&::SSL_CTX_set_num_tickets) SSL_CTX_set_num_tickets;
  decltype(&::SSL_CTX_set_psk_find_session_callback) SSL_CTX_set_psk_find_session_callback;
  decltype(&::SSL_CTX_set_psk_use_session_callback) SSL_CTX_set_psk_use_session_callback;
  decltype(&::SSL_CTX_set_verify) SSL_CTX_set_verify;
  decltype(&::SSL_SESSION_free) SSL_SESSION_free;
  decltype(&::SSL_SESSION_new) SSL_SESSION_new;
  decltype(&::SSL_SESSION_set1_master_key) SSL_SESSION_set1_master_key;
  decltype(&::SSL_SESSION_set_cipher) SSL_SESSION_set_cipher;
  decltype(&::SSL_SESSION_set_protocol_version) SSL_SESSION_set_protocol_version;
  decltype(&::SSL_do_handshake) SSL_do_handshake;
  decltype(&::SSL_free) SSL_free;
  decltype(&::SSL_get_error) SSL_get_error;
  decltype(&::SSL_get_ex_data) SSL_get_ex_data;
  decltype(&::SSL_is_init_finished) SSL_is_init_finished;
  decltype(&::SSL_new) SSL_new;
  decltype(&::SSL_read_ex) SSL_read_ex;
  decltype(&::SSL_session_reused) SSL_session_reused;
  decltype(&::SSL_set_accept_state) SSL_set_accept_state;
  decltype(&::SSL_set_bio) SSL_set_bio;
  decltype(&::SSL_set_connect_state) SSL_set_connect_state;
  decltype(&::SSL_set_ex_data) SSL_set_ex_data;
  decltype(&::SSL_write_ex) SSL_write_ex;
  decltype(&::TLS_client_method) TLS_client_method;
  decltype(&::TLS_server_method) TLS_server_method;
};

const Library& library();

}  // namespace mw::tls
