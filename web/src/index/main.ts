// The shell example names the server that this page came from.
for (const element of document.querySelectorAll('[data-origin]')) {
  element.textContent = location.origin;
}
