// Which hosts go through which proxy.
#include "net/proxy.h"

#include <gtest/gtest.h>

#include <map>

namespace twolane::net {
namespace {

std::string chosen(const std::map<std::string, std::string>& environment, const std::string& url) {
  const auto rules = ProxyRules::from([&environment](const char* name) {
    const auto it = environment.find(name);
    return it == environment.end() ? std::string() : it->second;
  });
  const auto proxy = rules.proxy_for(wire::parse_url(url).value());
  if (!proxy) return proxy.error().code;
  return *proxy ? (*proxy)->host + ' ' + (*proxy)->port : "direct";
}

TEST(Proxy, ByScheme) {
  EXPECT_EQ(chosen({}, "https://a.test/"), "direct");
  EXPECT_EQ(chosen({{"HTTPS_PROXY", "http://p:3128/"}}, "https://a.test/"), "p 3128");
  EXPECT_EQ(chosen({{"HTTPS_PROXY", "http://p:3128/"}}, "http://a.test/"), "direct");
  EXPECT_EQ(chosen({{"http_proxy", "p"}}, "http://a.test/"), "p 80");
  EXPECT_EQ(chosen({{"https_proxy", "small:1"}, {"HTTPS_PROXY", "large:2"}}, "https://a.test/"),
            "small 1");
  EXPECT_EQ(chosen({{"ALL_PROXY", "http://u:p%40@p:1"}}, "https://a.test/"), "p 1");
}

TEST(Proxy, LoopbackIsAlwaysDirect) {
  for (const char* url : {"http://127.0.0.1:8090/", "http://localhost/", "http://[::1]:80/"})
    EXPECT_EQ(chosen({{"http_proxy", "p:1"}}, url), "direct");
}

TEST(Proxy, NoProxy) {
  const std::map<std::string, std::string> environment = {
      {"https_proxy", "p:1"},
      {"NO_PROXY", "one.test, .two.test,three.test:444,*.four.test,10.0.0.1"}};
  for (const char* host : {"one.test", "ONE.test", "x.one.test", "x.two.test", "three.test:444",
                           "x.four.test", "10.0.0.1"})
    EXPECT_EQ(chosen(environment, std::string("https://") + host), "direct") << host;
  for (const char* host :
       {"none.test", "two.test", "three.test", "four.test", "10.0.0.11", "one.test.net"})
    EXPECT_EQ(chosen(environment, std::string("https://") + host), "p 1") << host;
  EXPECT_EQ(chosen({{"https_proxy", "p:1"}, {"NO_PROXY", "*"}}, "https://a.test"), "direct");
}

TEST(Proxy, OthersThanHttpAreRefused) {
  EXPECT_EQ(chosen({{"https_proxy", "socks5://p:1"}}, "https://a.test"), "net.proxy");
  EXPECT_EQ(chosen({{"https_proxy", "http://p:x"}}, "https://a.test"), "net.proxy");
}

}  // namespace
}  // namespace twolane::net
