// Prints to stdout in the way that it is asked to, and ends with exit status 0, or with the one that follows.
#include <mw/mw.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

namespace {

bool prints_at_the_end = false;
struct LastWord {
  ~LastWord() {
    if (prints_at_the_end) std::printf("the last word\n");
  }
} last_word;

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  const std::string way = argc > 1 ? argv[1] : "";
  const std::string text(way == "much" ? 1 << 20 : 10, 'x');
  if (way == "printf" || way == "much") std::printf("%s\n", text.c_str());
  if (way == "cout") std::cout << text << std::endl;
  if (way == "apart") {
    std::ios::sync_with_stdio(false);
    std::cout << text << '\n';
  }
  if (way == "destructor") prints_at_the_end = true;
  if (way == "closed") {
    std::printf("%s\n", text.c_str());
    std::fclose(stdout);
  }
  return argc > 2 ? std::atoi(argv[2]) : 0;
}
