// The applications of the papers, each against an independent source, on every interface.
#include <catch2/catch.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <random>
#include <sstream>

#include <boost/json.hpp>
#include <boost/multiprecision/cpp_dec_float.hpp>

#include "apps/app_run.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using test::Arguments;
using test::check_usage_error;
using test::result_of;
using test::run_app;

namespace {

std::vector<std::string> interfaces() {
  std::vector<std::string> specs{"serial", "multicore:2"};
#ifdef MW_HAVE_MPI
  specs.emplace_back("mpi:2");
#endif
  return specs;
}

/// The result, which is the same on every interface.
boost::json::object same_result(const std::string& app, const Arguments& arguments) {
  boost::json::object first;
  for (const std::string& spec : interfaces()) {
    Arguments all = arguments;
    all.insert(all.end(), {"-i", spec, "--json"});
    const auto result = result_of(run_app(app, all));
    INFO(app << " on " << spec << ": " << boost::json::serialize(result));
    if (first.empty()) first = result;
    CHECK(result == first);
  }
  return first;
}

std::uint64_t number(const boost::json::object& result, const char* key) { return result.at(key).to_number<std::uint64_t>(); }

/// Whether each number below `end` is prime, by sieve.
std::vector<bool> sieve(std::size_t end) {
  std::vector<bool> prime(end, true);
  prime[0] = prime[1] = false;
  for (std::size_t i = 2; i * i < end; ++i)
    if (prime[i])
      for (std::size_t multiple = i * i; multiple < end; multiple += i) prime[multiple] = false;
  return prime;
}

std::string output_of(const std::string& command) {
  const auto run = mw::process::run_program("/bin/sh", {"-c", command}, {});
  REQUIRE(run.death.exit_status == 0);
  return run.out;
}

std::string md5_by_openssl(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  REQUIRE(EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr) == 1);
  std::string hex;
  char two[3];
  for (unsigned i = 0; i < size; ++i) std::snprintf(two, sizeof two, "%02x", digest[i]), hex += two;
  return hex;
}

}  // namespace

TEST_CASE("primes: the counts of OEIS A206709, and of a sieve", "[apps][seeds]") {
  const std::map<std::uint64_t, std::uint64_t> known{{10, 5}, {100, 19}, {1000, 112}, {10'000, 841}};
  for (const auto& [n, primes] : known)
    CHECK(number(result_of(run_app("primes", {"--n", std::to_string(n), "--json"})), "primes") == primes);
  const std::uint64_t n = 1234;
  const auto prime = sieve(n * n + 2);
  std::uint64_t count = 0;
  for (std::uint64_t i = 1; i <= n; ++i) count += prime[i * i + 1];
  CHECK(number(same_result("primes", {"--n", std::to_string(n)}), "primes") == count);
  // As far as 64 bits go.
  CHECK(number(result_of(run_app("primes", {"--n", "1", "--json"})), "primes") == 1);
}

TEST_CASE("factor: the product is the number, and every factor is prime", "[apps][seeds]") {
  const auto prime = sieve(30'000);
  const auto n = GENERATE(as<std::uint64_t>{}, 5'977'007, 26'842'183, 42'500'489, 112'150'573, 285'876'629, 2, 4, 97, 360'360,
                          29'989ull * 29'989);
  const auto result = same_result("factor", {"--n", std::to_string(n)});
  std::istringstream text{std::string{result.at("factors").as_string()}};
  std::uint64_t product = 1, last = 0;
  for (std::string word; text >> word;) {
    if (word == "*") continue;
    const std::uint64_t factor = std::stoull(word);
    CHECK((factor < prime.size() && prime[factor]));
    CHECK(factor >= last);
    last = factor;
    product *= factor;
  }
  CHECK(product == n);
}

TEST_CASE("factor: numbers near 2^64, and an early end that cancels the rest", "[apps][seeds]") {
  const auto factors = [](const char* n) {
    return std::string{result_of(run_app("factor", {"--n", n, "--json"})).at("factors").as_string()};
  };
  CHECK(factors("18446744073709551615") == "3 * 5 * 17 * 257 * 641 * 65537 * 6700417");
  CHECK(factors("18446744073709551557") == "18446744073709551557");
  // The factor is in the first of 100 tasks: the others do not run.
  const auto run = run_app("factor", {"--n", "36893488147", "--block", "2000", "--json", "-i", "multicore:2"});
  const auto all = boost::json::parse(run.out).as_object();
  CHECK(all.at("attempts").to_number<int>() <= all.at("tasks").to_number<int>());
}

TEST_CASE("prime_range: the counts of a sieve, whatever the batch", "[apps][seeds]") {
  const auto k = GENERATE(1, 3, 4, 5);
  const auto first = static_cast<std::uint64_t>(std::pow(10, k));
  const auto prime = sieve(first + 1000);
  const auto count =
      static_cast<std::uint64_t>(std::count(prime.begin() + static_cast<std::ptrdiff_t>(first) + 1, prime.end(), true));
  for (const char* batch : {"0", "50"})
    CHECK(number(same_result("prime_range", {"--k", std::to_string(k), "--batch", batch}), "primes") == count);
}

TEST_CASE("prime_range: the known counts up to 10^9", "[apps][seeds]") {
  const std::map<int, std::uint64_t> known{{6, 75}, {7, 61}, {8, 54}, {9, 49}};
  for (const auto& [k, primes] : known)
    CHECK(number(result_of(run_app("prime_range", {"--k", std::to_string(k), "--batch", "0", "--json"})), "primes") == primes);
}

TEST_CASE("word_frequency counts as tr, sort and uniq do", "[apps][seeds]") {
  const std::string folder = std::string{MW_SOURCE_DIR} + "/src";
  const auto result = same_result("word_frequency", {"--folder", folder, "--pattern", "*.hpp", "--chunk", "7", "--top", "5"});
  const std::string sorted =
      output_of("find " + folder +
                " -name '*.hpp' -type f -print0 | xargs -0 cat | tr -cs 'A-Za-z' '\\n' | tr A-Z a-z | grep -v '^$' "
                "| LC_ALL=C sort | uniq -c | LC_ALL=C sort -k1,1nr -k2,2 | head -5");
  std::istringstream lines{sorted};
  std::uint64_t count = 0;
  std::string word;
  for (int i = 1; lines >> count >> word; ++i) CHECK(number(result, (std::to_string(i) + ". " + word).c_str()) == count);
  // The files may go with the tasks.
  const auto travelled = result_of(
      run_app("word_frequency", {"--folder", folder, "--pattern", "*.hpp", "--chunk", "7", "--top", "5", "--travel", "--json"}));
  CHECK(travelled == result);
}

TEST_CASE("string_count counts as grep -o does", "[apps][seeds]") {
  const std::string folder = std::string{MW_SOURCE_DIR} + "/src";
  const auto result = same_result("string_count", {"--folder", folder, "--pattern", "*.cpp", "--string", "std::"});
  CHECK(std::to_string(number(result, "count")) + "\n" ==
        output_of("cat $(find " + folder + " -name '*.cpp') | grep -o 'std::' | wc -l"));
  const test::TemporaryFolder own;
  std::ofstream{own.path("a.txt")} << "aaaa\naa\na\n";
  CHECK(number(result_of(run_app("string_count", {"--folder", own.path(""), "--string", "aa", "--json"})), "count") == 3);
}

TEST_CASE("md5_reverse finds what OpenSSL sums up, in each of its forms", "[apps][seeds]") {
  for (const std::uint64_t wanted : {0ull, 9ull, 123'456ull, 299'999ull})
    for (const char* form : {"system", "tasks", "batch"}) {
      const auto result = result_of(
          run_app("md5_reverse", {"--md5", md5_by_openssl(std::to_string(wanted)), "--below", "3e5", "--form", form, "--json"}));
      CHECK(result.at("found").as_bool());
      CHECK(number(result, "number") == wanted);
    }
  CHECK(number(same_result("md5_reverse", {"--below", "1e5"}), "number") == 99'999);
  for (const char* form : {"system", "tasks", "batch"})
    CHECK_FALSE(
        result_of(run_app("md5_reverse", {"--md5", md5_by_openssl("no number"), "--below", "1e5", "--form", form, "--json"}))
            .at("found")
            .as_bool());
}

TEST_CASE("md5_reverse stops when it has found", "[apps][seeds]") {
  const auto form = GENERATE("system", "tasks", "batch");
  // All of 10^12 would take days.
  const auto result =
      result_of(run_app("md5_reverse", {"--md5", md5_by_openssl("1234"), "--below", "1e12", "--form", form, "--json"}));
  CHECK(number(result, "number") == 1234);
}

namespace {

/// FNV-1a over 32-bit counts, low byte first.
class CountsHash {
 public:
  void add(std::uint32_t count) {
    for (int shift = 0; shift < 32; shift += 8) hash_ = (hash_ ^ ((count >> shift) & 0xff)) * 0x100000001b3;
  }
  std::string text() const {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash_));
    return text;
  }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace

TEST_CASE("mandelbrot: the counts of a direct computation, whatever the parts and the form", "[apps][seeds]") {
  // The reference: complex numbers, as the definition has it.
  constexpr int width = 61, height = 40;
  constexpr std::uint32_t most = 300;
  CountsHash hash;
  std::uint64_t inside = 0;
  for (int row = 0; row < height; ++row)
    for (int column = 0; column < width; ++column) {
      const double step = 3.5 / width;
      const std::complex<double> c{-0.75 + (column - width / 2.0 + 0.5) * step, 0 + (row - height / 2.0 + 0.5) * step};
      std::uint32_t count = 0;
      for (std::complex<double> z; std::norm(z) <= 4 && count < most; ++count) z = z * z + c;
      inside += count == most;
      hash.add(count);
    }
  const auto check = [&](const boost::json::object& result) {
    CHECK(result.at("hash").as_string() == hash.text());
    CHECK(number(result, "inside") == inside);
  };
  const Arguments size{"--width", "61", "--height", "40", "--iterations", "300"};
  check(same_result("mandelbrot", size));
  for (const char* by : {"row", "tile", "pixels"})
    for (const char* form : {"system", "tasks", "batch"}) {
      Arguments arguments = size;
      arguments.insert(arguments.end(), {"--by", by, "--form", form, "--tile", "7", "--list", "100", "--json"});
      check(result_of(run_app("mandelbrot", arguments)));
    }
}

TEST_CASE("mandelbrot, 10^100 times as large: the counts of a direct computation with 150 digits", "[apps][seeds]") {
  using Number = boost::multiprecision::number<boost::multiprecision::cpp_dec_float<150>, boost::multiprecision::et_off>;
  constexpr int width = 20, height = 15;
  constexpr double step = 1e-100 / width;
  constexpr std::uint32_t most = 400;
  CountsHash hash;
  std::uint32_t least = most, largest = 0;
  for (int row = 0; row < height; ++row)
    for (int column = 0; column < width; ++column) {
      const Number x0 = Number{0} + (column - width / 2.0 + 0.5) * step, y0 = Number{1} + (row - height / 2.0 + 0.5) * step;
      Number x = 0, y = 0;
      std::uint32_t count = 0;
      for (; x * x + y * y <= 4 && count < most; ++count) {
        const Number next = x * x - y * y + x0;
        y = 2 * x * y + y0;
        x = next;
      }
      hash.add(count);
      least = std::min(least, count);
      largest = std::max(largest, count);
    }
  REQUIRE(largest > least + 10);  // there is something to be seen
  const auto result = same_result("mandelbrot", {"--width", "20", "--height", "15", "--iterations", "400", "--center-x", "0",
                                                 "--center-y", "1", "--span", "1e-100", "--by", "tile", "--tile", "6"});
  CHECK(result.at("hash").as_string() == hash.text());
}

TEST_CASE("mandelbrot writes a picture, or says why it cannot", "[apps][seeds]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("set.png");
  REQUIRE(run_app("mandelbrot", {"--width", "30", "--height", "20", "--output", path}).death.exit_status == 0);
  std::ifstream file{path, std::ios::binary};
  std::string head(24, ' ');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  CHECK(head.substr(0, 8) == "\x89PNG\r\n\x1a\n");
  CHECK(static_cast<unsigned char>(head[19]) == 30);
  CHECK(static_cast<unsigned char>(head[23]) == 20);
  const auto run = run_app("mandelbrot", {"--width", "3", "--height", "2", "--output", "/nowhere/set.png"});
  CHECK(run.death.exit_status == 2);
  CHECK(run.err.find("/nowhere/set.png") != std::string::npos);
}

namespace {

using Vector = std::array<double, 3>;

/// v turned about an axis (Rodrigues' formula).
Vector turned(const Vector& v, Vector axis, double degrees) {
  const double size = std::hypot(axis[0], axis[1], axis[2]);  // errors would grow from step to step
  for (double& part : axis) part /= size;
  const double angle = degrees * std::acos(-1.0) / 180, c = std::cos(angle), s = std::sin(angle);
  const double along = axis[0] * v[0] + axis[1] * v[1] + axis[2] * v[2];
  const Vector across{axis[1] * v[2] - axis[2] * v[1], axis[2] * v[0] - axis[0] * v[2], axis[0] * v[1] - axis[1] * v[0]};
  Vector result;
  for (std::size_t i = 0; i < 3; ++i) result[i] = v[i] * c + across[i] * s + axis[i] * along * (1 - c);
  return result;
}

/// The axis of a whole molecule, base pair after base pair, by turning the vectors of its frame.
std::vector<Vector> axis_of(const std::string& bases) {
  // Twist, roll, tilt: Nucleic Acids Res. 22 (1994) 5498, table 1, model c.
  const std::map<std::string, std::array<double, 3>> angles{
      {"AA", {35.62, -6.5, 3.2}}, {"AC", {34.4, -0.9, -0.7}}, {"AG", {27.7, 8.4, -0.3}}, {"AT", {31.5, 2.6, 0}},
      {"CA", {34.5, 1.6, 3.1}},   {"GG", {33.67, 1.2, -1.8}}, {"CG", {29.8, 6.7, 0}},    {"GA", {36.9, -2.7, -4.6}},
      {"GC", {40, -5, 0}},        {"TA", {36, 0.9, 0}}};
  const auto angles_of = [&](const std::string& step) {
    if (const auto place = angles.find(step); place != angles.end()) return place->second;
    const auto other = [](char c) { return c == 'A' ? 'T' : c == 'C' ? 'G' : c == 'G' ? 'C' : 'A'; };
    auto reversed = angles.at({other(step[1]), other(step[0])});
    reversed[2] = -reversed[2];
    return reversed;
  };
  std::vector<Vector> path{{0, 0, 0}};
  Vector x{1, 0, 0}, y{0, 1, 0}, z{0, 0, 1};
  const auto turn = [&](const Vector axis, double degrees) {
    for (Vector* one : {&x, &y, &z}) *one = turned(*one, axis, degrees);
  };
  for (std::size_t i = 0; i + 1 < bases.size(); ++i) {
    const auto [twist, roll, tilt] = angles_of(bases.substr(i, 2));
    // Half the twist, the bend about an axis between x and y, half the twist; the rise along z in the middle of the
    // bend.
    turn(z, twist / 2);
    const double bend = std::hypot(roll, tilt), direction = std::atan2(tilt, roll);
    Vector hinge;
    for (std::size_t k = 0; k < 3; ++k) hinge[k] = y[k] * std::cos(direction) + x[k] * std::sin(direction);
    turn(hinge, bend / 2);
    Vector next = path.back();
    for (std::size_t k = 0; k < 3; ++k) next[k] += 3.38 * z[k];
    path.push_back(next);
    turn(hinge, bend / 2);
    turn(z, twist / 2);
  }
  return path;
}

double distance(const Vector& a, const Vector& b) { return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]); }

/// Through Heron's formula: 4 times the area over the product of the sides.
double curvature_at(const std::vector<Vector>& path, std::size_t i, std::size_t window) {
  const double a = distance(path[i - window], path[i]), b = distance(path[i], path[i + window]),
               c = distance(path[i - window], path[i + window]);
  const double s = (a + b + c) / 2;
  return 4 * std::sqrt(std::max(0.0, s * (s - a) * (s - b) * (s - c))) / (a * b * c) / 0.0234;
}

}  // namespace

TEST_CASE("dna_curve: the curvature of a direct, serial computation", "[apps][seeds]") {
  const test::TemporaryFolder folder;
  std::mt19937 random{5};
  std::string bases;
  for (int i = 0; i < 900; ++i) bases += "ACGT"[random() % 4];
  std::ofstream{folder.path("random.fa")} << ">random\n" << bases.substr(0, 500) << "\n" << bases.substr(500) << "\n";
  const auto path = axis_of(bases);
  double sum = 0, largest = 0;
  std::uint64_t at = 0;
  for (std::size_t i = 10; i + 10 < bases.size(); ++i) {
    const double curvature = curvature_at(path, i, 10);
    sum += curvature;
    if (curvature > largest) largest = curvature, at = i + 1;
  }
  for (const char* chunk : {"100", "333", "10000"}) {
    const auto result = same_result("dna_curve", {"--fasta", folder.path("random.fa"), "--chunk", chunk});
    CHECK(number(result, "curvatures") == 880);
    CHECK(result.at("mean").as_double() == Approx(sum / 880).epsilon(1e-6));
    CHECK(result.at("largest").as_double() == Approx(largest).epsilon(1e-6));
    CHECK(number(result, "at") == at);
  }
}

TEST_CASE("dna_curve: A-tracts in phase with the helix bend DNA, others do not", "[apps][seeds]") {
  const test::TemporaryFolder folder;
  const auto mean_of = [&](const std::string& unit) {
    std::string bases;
    while (bases.size() < 300) bases += unit;
    std::ofstream{folder.path("x.fa")} << ">x\n" << bases << "\n";
    return result_of(run_app("dna_curve", {"--fasta", folder.path("x.fa"), "--window", "30", "--json"})).at("mean").as_double();
  };
  CHECK(mean_of("CGAAAAAACG") > 2 * mean_of("CGCGCGCAAAAAACG"));
}

TEST_CASE("dna_curve takes files as they are: several sequences, small letters, unknown bases", "[apps][seeds]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("x.fa")} << ">one\nacgtacgtacgtacgtacgtacgtacgt\n>two\nACGTNACGTACGTACGTACGTACGTACGT\n>short\nACG\n";
  const auto result = result_of(run_app("dna_curve", {"--fasta", folder.path("x.fa"), "--output", folder.path("x.svg"), "--json"}));
  CHECK(number(result, "sequences") == 3);
  CHECK(number(result, "curvatures") == 8 + 9);
  CHECK(test::file_text(folder.path("x.svg")).find("</svg>") != std::string::npos);
}

TEST_CASE("genetic reaches the gene's length, by the same way everywhere", "[apps][seeds]") {
  const auto result = same_result("genetic", {"--length", "40", "--population", "60"});
  CHECK(number(result, "best_fitness") == 40);
  CHECK(number(result, "generations") > 3);
  CHECK(number(result_of(run_app("genetic", {"--length", "64", "--generations", "2", "--json"})), "generations") == 2);
}

TEST_CASE("busy takes as long as its tasks", "[apps][seeds]") {
  const auto run = run_app("busy", {"--tasks", "10", "--seconds", "0.02", "--json", "-i", "multicore:2"});
  const auto all = boost::json::parse(run.out).as_object();
  CHECK(all.at("result").at("busy_seconds").to_number<double>() == Approx(0.2));
  CHECK(all.at("total_seconds").to_number<double>() >= 0.1);
  CHECK(all.at("tasks").to_number<int>() == 10);
}

TEST_CASE("the applications refuse what makes no sense, in one line", "[apps][seeds]") {
  using Case = std::pair<std::string, Arguments>;
  const auto [app, arguments] = GENERATE(
      Case{"primes", {"--n", "0"}}, Case{"primes", {"--n", "4294967296"}}, Case{"primes", {"--n", "1e20"}},
      Case{"factor", {"--n", "1"}}, Case{"factor", {"--n", "18446744073709551616"}}, Case{"factor", {"--n", "-5"}},
      Case{"prime_range", {"--k", "19"}}, Case{"prime_range", {"--width", "1e12"}}, Case{"busy", {"--seconds", "-1"}},
      Case{"busy", {"--seconds", "nan"}}, Case{"busy", {"--tasks", "0"}}, Case{"genetic", {"--length", "0"}},
      Case{"genetic", {"--tasks", "1000"}}, Case{"genetic", {"--population", "1e12"}}, Case{"string_count", {}},
      Case{"string_count", {"--string", "x", "--folder", "/nowhere"}},
      Case{"string_count", {"--string", "x", "--pattern", "*.no-such"}}, Case{"string_count", {"--string", "a\nb"}},
      Case{"word_frequency", {"--folder", "/nowhere"}}, Case{"word_frequency", {"--chunk", "0"}},
      Case{"md5_reverse", {"--md5", "xyz"}}, Case{"md5_reverse", {"--form", "other"}}, Case{"md5_reverse", {"--below", "0"}},
      Case{"dna_curve", {}}, Case{"dna_curve", {"--fasta", "/nowhere"}}, Case{"dna_curve", {"--fasta", "/etc/passwd"}},
      Case{"mandelbrot", {"--width", "0"}}, Case{"mandelbrot", {"--span", "-1"}}, Case{"mandelbrot", {"--span", "1e-300"}},
      Case{"mandelbrot", {"--center-x", "1x"}}, Case{"mandelbrot", {"--center-y", "nan"}}, Case{"mandelbrot", {"--center-x", "5"}},
      Case{"mandelbrot", {"--by", "x"}}, Case{"mandelbrot", {"--form", "x"}}, Case{"mandelbrot", {"--height", "1e9"}});
  INFO(app);
  check_usage_error(run_app(app, arguments));
}

TEST_CASE("every application teaches its options", "[apps][seeds]") {
  const auto app = GENERATE(as<std::string>{}, "busy", "dna_curve", "factor", "genetic", "mandelbrot", "md5_reverse", "monte_pi",
                            "null_test", "prime_range", "primes", "string_count", "word_frequency");
  const auto run = run_app(app, {"--help"});
  CHECK(run.death.exit_status == 0);
  for (const char* option : {"--interface", "--workers", "--json", "--progress", "--help"})
    CHECK(run.out.find(option) != std::string::npos);
}
