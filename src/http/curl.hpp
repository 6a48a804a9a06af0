// libcurl, loaded when it is first used.
//
// What:    libcurl brings some thirty libraries with it (TLS, Kerberos, LDAP …), which would be loaded into each master
//          and each worker as it starts, and take longer than all else there. Most of them never speak HTTP.
// Owner:   the process; it stays loaded.
// Threads: any.
// Use:
//     curl().easy_perform(handle);                         // throws InterfaceError if there is no libcurl
#pragma once

#include <curl/curl.h>

namespace mw::http {

struct Curl {
  decltype(&curl_global_init) global_init;
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_reset) easy_reset;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_perform) easy_perform;
  decltype(&curl_easy_getinfo) easy_getinfo;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_free) free;
  decltype(&curl_mime_init) mime_init;
  decltype(&curl_mime_free) mime_free;
  decltype(&curl_mime_addpart) mime_addpart;
  decltype(&curl_mime_name) mime_name;
  decltype(&curl_mime_data) mime_data;
  decltype(&curl_mime_filedata) mime_filedata;
  decltype(&curl_mime_type) mime_type;
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;
  decltype(&curl_url) url;
  decltype(&curl_url_cleanup) url_cleanup;
  decltype(&curl_url_get) url_get;
  decltype(&curl_url_set) url_set;
};

const Curl& curl();

}  // namespace mw::http
