# mw::fmt: {fmt} as headers, for what goes into a worker build: that takes no library of the machine it comes to, and Debian has no
# static one.
add_library(mw_fmt INTERFACE)
add_library(mw::fmt ALIAS mw_fmt)
target_link_libraries(mw_fmt INTERFACE fmt::fmt-header-only)
