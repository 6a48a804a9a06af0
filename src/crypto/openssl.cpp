#include "crypto/openssl.hpp"

#include <openssl/opensslv.h>

#include "process/shared_library.hpp"

namespace mw::crypto {
namespace {

#define MW_TEXT_OF(number) #number
#define MW_LIBRARY_NAME(version) "libcrypto.so." MW_TEXT_OF(version)

OpenSsl load() {
  const process::SharedLibrary library{MW_LIBRARY_NAME(OPENSSL_SHLIB_VERSION), "signatures and checksums need OpenSSL's libcrypto",
                                       "apt-get install libssl3"};
  OpenSsl found{};
  library.find(found.BN_bin2bn, "BN_bin2bn");
  library.find(found.BN_bn2binpad, "BN_bn2binpad");
  library.find(found.BN_clear_free, "BN_clear_free");
  library.find(found.EVP_DigestFinal_ex, "EVP_DigestFinal_ex");
  library.find(found.EVP_DigestInit_ex, "EVP_DigestInit_ex");
  library.find(found.EVP_DigestUpdate, "EVP_DigestUpdate");
  library.find(found.EVP_MD_CTX_free, "EVP_MD_CTX_free");
  library.find(found.EVP_MD_CTX_new, "EVP_MD_CTX_new");
  library.find(found.EVP_PKEY_CTX_free, "EVP_PKEY_CTX_free");
  library.find(found.EVP_PKEY_CTX_new, "EVP_PKEY_CTX_new");
  library.find(found.EVP_PKEY_CTX_new_from_name, "EVP_PKEY_CTX_new_from_name");
  library.find(found.EVP_PKEY_CTX_set_rsa_padding, "EVP_PKEY_CTX_set_rsa_padding");
  library.find(found.EVP_PKEY_Q_keygen, "EVP_PKEY_Q_keygen");
  library.find(found.EVP_PKEY_free, "EVP_PKEY_free");
  library.find(found.EVP_PKEY_fromdata, "EVP_PKEY_fromdata");
  library.find(found.EVP_PKEY_fromdata_init, "EVP_PKEY_fromdata_init");
  library.find(found.EVP_PKEY_get_bn_param, "EVP_PKEY_get_bn_param");
  library.find(found.EVP_PKEY_sign, "EVP_PKEY_sign");
  library.find(found.EVP_PKEY_sign_init, "EVP_PKEY_sign_init");
  library.find(found.EVP_PKEY_verify_recover, "EVP_PKEY_verify_recover");
  library.find(found.EVP_PKEY_verify_recover_init, "EVP_PKEY_verify_recover_init");
  library.find(found.EVP_md5, "EVP_md5");
  library.find(found.EVP_sha256, "EVP_sha256");
  library.find(found.HMAC, "HMAC");
  library.find(found.OSSL_PARAM_BLD_free, "OSSL_PARAM_BLD_free");
  library.find(found.OSSL_PARAM_BLD_new, "OSSL_PARAM_BLD_new");
  library.find(found.OSSL_PARAM_BLD_push_BN, "OSSL_PARAM_BLD_push_BN");
  library.find(found.OSSL_PARAM_BLD_to_param, "OSSL_PARAM_BLD_to_param");
  library.find(found.OSSL_PARAM_free, "OSSL_PARAM_free");
  return found;
}

}  // namespace

const OpenSsl& openssl() {
  static const OpenSsl loaded = load();
  return loaded;
}

}  // namespace mw::crypto
