#include "tls/session.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "tls/library.hpp"

namespace mw::tls {
namespace {

/// Plain bytes go into records of at most this size (RFC 8446, 5.1).
constexpr std::size_t longest_record = 16 * 1024;
/// What is read ahead, so that a record does not take two steps.
constexpr std::size_t read_buffer = 32 * 1024;
/// An outgoing buffer that has grown beyond this is given back when it is empty.
constexpr std::size_t keep_up_to = std::size_t{1} << 20;

/// TLS_AES_128_GCM_SHA256: what the key's hash is of. Where a processor has no instructions for AES, the two ends may
/// agree on ChaCha20, whose hash is the same.
constexpr unsigned char suite_of_key[] = {0x13, 0x01};
constexpr const char* suites_with_aes = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* suites_without_aes = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

/// 1 is what OpenSSL's callbacks return where all is well, or somebody is not known.
constexpr int fine = 1;

}  // namespace

struct Session::Impl {
  ~Impl() {
    if (ssl) library().SSL_free(ssl);
  }

  SSL* ssl = nullptr;
  bool dials = false;
  Identity own;  ///< of who dials
  FindKey find_key;
  std::string identity;
  std::span<const std::byte> incoming;  ///< what OpenSSL has not taken yet
  std::vector<std::byte> kept;          ///< of that, what came before its caller's buffer was used again
  std::vector<std::byte> outgoing;
  std::size_t sent = 0;
  bool is_established = false;

  void shake_hands();
  [[noreturn]] void fail(int result) const;
};

namespace {

Session::Impl& impl_of(const SSL* ssl) { return *static_cast<Session::Impl*>(library().SSL_get_ex_data(ssl, 0)); }
Session::Impl& impl_of(BIO* bio) { return *static_cast<Session::Impl*>(library().BIO_get_data(bio)); }

int take_incoming(BIO* bio, char* to, std::size_t size, std::size_t* taken) {
  auto& incoming = impl_of(bio).incoming;
  library().BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
  *taken = std::min(size, incoming.size());
  if (*taken == 0) {
    library().BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
    return 0;
  }
  std::memcpy(to, incoming.data(), *taken);
  incoming = incoming.subspan(*taken);
  return 1;
}

int add_outgoing(BIO* bio, const char* from, std::size_t size, std::size_t* written) {
  auto& outgoing = impl_of(bio).outgoing;
  const auto* const bytes = reinterpret_cast<const std::byte*>(from);
  outgoing.insert(outgoing.end(), bytes, bytes + size);
  *written = size;
  return 1;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

/// Bytes to and from a session's memory.
const BIO_METHOD* memory_method() {
  static const BIO_METHOD* const method = [] {
    const Library& lib = library();
    BIO_METHOD* const made = lib.BIO_meth_new(BIO_TYPE_SOURCE_SINK, "CppMW session");
    lib.BIO_meth_set_read_ex(made, take_incoming);
    lib.BIO_meth_set_write_ex(made, add_outgoing);
    lib.BIO_meth_set_ctrl(made, control);
    return made;
  }();
  return method;
}

SSL_SESSION* session_with(SSL* ssl, const Key& key) {
  const Library& lib = library();
  SSL_SESSION* const session = lib.SSL_SESSION_new();
  if (session && lib.SSL_SESSION_set1_master_key(session, reinterpret_cast<const unsigned char*>(key.data()), key.size()) == fine &&
      lib.SSL_SESSION_set_cipher(session, lib.SSL_CIPHER_find(ssl, suite_of_key)) == fine &&
      lib.SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == fine)
    return session;
  lib.SSL_SESSION_free(session);
  return nullptr;
}

/// OpenSSL asks who dials for its key.
int use_own_key(SSL* ssl, const EVP_MD*, const unsigned char** name, std::size_t* size, SSL_SESSION** session) {
  const Identity& own = impl_of(ssl).own;
  *session = session_with(ssl, own.key);
  *name = reinterpret_cast<const unsigned char*>(own.name.data());
  *size = own.name.size();
  return *session ? fine : 0;
}

/// … and who listens for that of whoever comes. No exception may pass through OpenSSL.
int find_key(SSL* ssl, const unsigned char* name, std::size_t size, SSL_SESSION** session) {
  *session = nullptr;
  if (size > longest_identity) return fine;
  try {
    auto& impl = impl_of(ssl);
    std::string identity{reinterpret_cast<const char*>(name), size};
    const auto key = impl.find_key(identity);
    if (!key) return fine;
    *session = session_with(ssl, *key);
    impl.identity = std::move(identity);
    return *session ? fine : 0;
  } catch (...) {
    return 0;
  }
}

bool has_aes_instructions() {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_supports("aes");
#else
  return false;
#endif
}

/// Long macros of OpenSSL's are written out, as their functions are looked up by name.
SSL_CTX* make_context(bool dials) {
  const Library& lib = library();
  SSL_CTX* const context = lib.SSL_CTX_new(dials ? lib.TLS_client_method() : lib.TLS_server_method());
  if (!context) throw InterfaceError{"OpenSSL gives no context for encrypted connections"};
  lib.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_3_VERSION, nullptr);
  lib.SSL_CTX_ctrl(context, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, nullptr);
  lib.SSL_CTX_ctrl(context, SSL_CTRL_SET_READ_AHEAD, 1, nullptr);
  lib.SSL_CTX_set_default_read_buffer_len(context, read_buffer);
  lib.SSL_CTX_set_ciphersuites(context, has_aes_instructions() ? suites_with_aes : suites_without_aes);
  if (dials) {
    lib.SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);  // a certificate proves nothing here
    lib.SSL_CTX_set_psk_use_session_callback(context, use_own_key);
  } else {
    lib.SSL_CTX_set_num_tickets(context, 0);
    lib.SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
    lib.SSL_CTX_set_psk_find_session_callback(context, find_key);
  }
  return context;
}

/// One for all sessions of a kind; it stays.
SSL_CTX* context_for(bool dials) {
  if (dials) {
    static SSL_CTX* const client = make_context(true);
    return client;
  }
  static SSL_CTX* const server = make_context(false);
  return server;
}

void begin(Session::Impl& impl) {
  const Library& lib = library();
  impl.ssl = lib.SSL_new(context_for(impl.dials));
  BIO* const bio = lib.BIO_new(memory_method());
  if (!impl.ssl || !bio) throw InterfaceError{"OpenSSL gives no memory for an encrypted connection"};
  lib.BIO_set_data(bio, &impl);
  lib.BIO_set_init(bio, 1);
  lib.SSL_set_bio(impl.ssl, bio, bio);
  lib.SSL_set_ex_data(impl.ssl, 0, &impl);
  impl.dials ? lib.SSL_set_connect_state(impl.ssl) : lib.SSL_set_accept_state(impl.ssl);
}

}  // namespace

void Session::Impl::fail(int result) const {
  const Library& lib = library();
  const int kind = lib.SSL_get_error(ssl, result);
  if (kind == SSL_ERROR_ZERO_RETURN) throw TlsError{"the other end has closed the encrypted connection"};
  const char* const reason = lib.ERR_reason_error_string(lib.ERR_peek_last_error());
  if (!is_established)
    throw TlsError{fmt::format("the two ends do not have the same key, or what came is not of this protocol ({})",
                               reason ? reason : "no reason given")};
  throw TlsError{fmt::format("what came is not what the other end sent ({})", reason ? reason : "no reason given")};
}

void Session::Impl::shake_hands() {
  const Library& lib = library();
  lib.ERR_clear_error();
  const int result = lib.SSL_do_handshake(ssl);
  if (result == 1) {
    // Without a key there would have to be a certificate, and nobody has one; but this is what all else rests on.
    if (lib.SSL_session_reused(ssl) != 1) throw TlsError{"the other end has shaken hands without the key"};
    is_established = true;
  } else if (lib.SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ) {
    fail(result);
  }
}

Session Session::client(const Identity& identity) {
  if (identity.name.empty() || identity.name.size() > longest_identity)
    throw UsageError{
        fmt::format("a name for an encrypted connection has 1 to {} bytes, not {}", longest_identity, identity.name.size())};
  auto impl = std::make_unique<Impl>();
  impl->dials = true;
  impl->own = identity;
  begin(*impl);
  impl->shake_hands();
  return Session{std::move(impl)};
}

Session Session::server(FindKey find_key) {
  auto impl = std::make_unique<Impl>();
  impl->find_key = std::move(find_key);
  begin(*impl);
  return Session{std::move(impl)};
}

Session::Session(std::unique_ptr<Impl> impl) noexcept : impl_{std::move(impl)} {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

void Session::receive(std::span<const std::byte> bytes) {
  if (impl_->incoming.empty()) {
    impl_->kept.clear();
    impl_->incoming = bytes;
  } else {
    std::vector<std::byte> all{impl_->incoming.begin(), impl_->incoming.end()};
    all.insert(all.end(), bytes.begin(), bytes.end());
    impl_->kept = std::move(all);
    impl_->incoming = impl_->kept;
  }
  if (!impl_->is_established) impl_->shake_hands();
}

std::size_t Session::read(std::span<std::byte> room) {
  if (!impl_->is_established) return 0;
  const Library& lib = library();
  lib.ERR_clear_error();
  std::size_t size = 0;
  const int result = lib.SSL_read_ex(impl_->ssl, room.data(), room.size(), &size);
  if (result == 1) return size;
  if (lib.SSL_get_error(impl_->ssl, result) != SSL_ERROR_WANT_READ) impl_->fail(result);
  return 0;
}

void Session::write(std::span<const std::byte> bytes) {
  if (!impl_->is_established) throw TlsError{"nothing can be said before the handshake is over"};
  const Library& lib = library();
  while (!bytes.empty()) {
    const auto record = bytes.first(std::min(bytes.size(), longest_record));
    lib.ERR_clear_error();
    std::size_t size = 0;
    if (const int result = lib.SSL_write_ex(impl_->ssl, record.data(), record.size(), &size); result != 1) impl_->fail(result);
    bytes = bytes.subspan(size);
  }
}

std::span<const std::byte> Session::outgoing() const noexcept { return std::span{impl_->outgoing}.subspan(impl_->sent); }

void Session::sent(std::size_t size) noexcept {
  impl_->sent += size;
  if (impl_->sent < impl_->outgoing.size()) return;
  impl_->sent = 0;
  if (impl_->outgoing.capacity() > keep_up_to)
    impl_->outgoing = {};
  else
    impl_->outgoing.clear();
}

bool Session::is_established() const noexcept { return impl_->is_established; }

const std::string& Session::identity() const noexcept { return impl_->is_established ? impl_->identity : impl_->own.name; }

}  // namespace mw::tls
