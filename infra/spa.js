// The web app has real addresses: what is not a file is answered with its one page. Done here and not by the CDN's
// error pages, which would turn the API's 404s into that page too.
function handler(event) {
  var request = event.request;
  var last = request.uri.split("/").pop();
  if (last.indexOf(".") === -1) {
    request.uri = "/index.html";
  }
  return request;
}
