// OpenSSL's libcrypto, loaded when it is first used.
//
// What:    its functions, under their own names. To load it takes a millisecond, as long as the rest of a worker's
//          start.
// Owner:   the process; it stays loaded.
// Threads: any.
// Use:
//     openssl().EVP_sha256();                              // throws InterfaceError if there is no libcrypto
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

namespace mw::crypto {

struct OpenSsl {
  decltype(&::BN_bin2bn) BN_bin2bn;
  decltype(&::BN_bn2binpad) BN_bn2binpad;
  decltype(&::BN_clear_free) BN_clear_free;
  decltype(&::EVP_DigestFinal_ex) EVP_DigestFinal_ex;
  decltype(&::EVP_DigestInit_ex) EVP_DigestInit_ex;
  decltype(&::EVP_DigestUpdate) EVP_DigestUpdate;
  decltype(&::EVP_MD_CTX_free) EVP_MD_CTX_free;
  decltype(&::EVP_MD_CTX_new) EVP_MD_CTX_new;
  decltype(&::EVP_PKEY_CTX_free) EVP_PKEY_CTX_free;
  decltype(&::EVP_PKEY_CTX_new) EVP_PKEY_CTX_new;
  decltype(&::EVP_PKEY_CTX_new_from_name) EVP_PKEY_CTX_new_from_name;
  decltype(&::EVP_PKEY_CTX_set_rsa_padding) EVP_PKEY_CTX_set_rsa_padding;
  decltype(&::EVP_PKEY_Q_keygen) EVP_PKEY_Q_keygen;
  decltype(&::EVP_PKEY_free) EVP_PKEY_free;
  decltype(&::EVP_PKEY_fromdata) EVP_PKEY_fromdata;
  decltype(&::EVP_PKEY_fromdata_init) EVP_PKEY_fromdata_init;
  decltype(&::EVP_PKEY_get_bn_param) EVP_PKEY_get_bn_param;
  decltype(&::EVP_PKEY_sign) EVP_PKEY_sign;
  decltype(&::EVP_PKEY_sign_init) EVP_PKEY_sign_init;
  decltype(&::EVP_PKEY_verify_recover) EVP_PKEY_verify_recover;
  decltype(&::EVP_PKEY_verify_recover_init) EVP_PKEY_verify_recover_init;
  decltype(&::EVP_md5) EVP_md5;
  decltype(&::EVP_sha256) EVP_sha256;
  decltype(&::HMAC) HMAC;
  decltype(&::OSSL_PARAM_BLD_free) OSSL_PARAM_BLD_free;
  decltype(&::OSSL_PARAM_BLD_new) OSSL_PARAM_BLD_new;
  decltype(&::OSSL_PARAM_BLD_push_BN) OSSL_PARAM_BLD_push_BN;
  decltype(&::OSSL_PARAM_BLD_to_param) OSSL_PARAM_BLD_to_param;
  decltype(&::OSSL_PARAM_free) OSSL_PARAM_free;
};

const OpenSsl& openssl();

}  // namespace mw::crypto
