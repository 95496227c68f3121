import { describe, expect, it } from "vitest";
import { cleanPath, encodePath, readTarget } from "../../../src/proxy/api/request-target.ts";

describe("the target of a request", () => {
  it.each([
    ["/proxies", "/proxies", ""], ["/proxies?last=3&x=?", "/proxies", "?last=3&x=?"], ["/a%2Fb", "/a/b", ""], ["/%C3%BC%25", "/ü%", ""], ["/\u00c3\u00bc", "/ü", ""], ["/a+b", "/a+b", ""], ["/%ff", "/\ufffd", ""], ["/a#b", "/a#b", ""],
  ])("%s is the path %s and the query %j", (target, path, query) => {
    expect(readTarget(target)).toEqual({ path, query });
  });

  it("has the authority of its absolute form", () => {
    expect(readTarget("http://a.example:1/proxies?x")).toEqual({ path: "/proxies", query: "?x", authority: "a.example:1" });
    expect(readTarget("HTTP://a")).toEqual({ path: "", query: "", authority: "a" });
  });

  it.each(["proxies", "", "%2Fproxies", "/%", "/%z0", "/%2", "*"])("%j is none", (target) => {
    expect(readTarget(target)).toBeUndefined();
  });
});

describe("a path", () => {
  it.each([["", "/"], ["/", "/"], ["//", "/"], ["/a//b/", "/a/b/"], ["/a/./b", "/a/b"], ["/a/../../b", "/b"], ["/a/.", "/a"], ["/a/..", "/"], ["/a/b/../", "/a/"], ["a", "/a"], ["/...", "/..."]])("%j is clean as %j", (path, clean) => {
    // Go's path.Clean leaves no slash behind a dot at the end.
    expect(cleanPath(path)).toBe(clean);
  });

  it("is written in a Location as Go writes it", () => {
    expect(encodePath("/a b/ü<(!)>/x:y@z;=,+$&~?#%")).toBe("/a%20b/%C3%BC%3C%28%21%29%3E/x:y@z;=,+$&~%3F%23%25");
  });
});
