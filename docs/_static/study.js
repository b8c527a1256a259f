// What scrolls sideways can be reached, and so scrolled, with the keyboard. It is measured when it
// comes into sight, since what is not in sight has no layout yet.
document.addEventListener("DOMContentLoaded", () => {
  const seen = new IntersectionObserver((entries) => {
    for (const { target: box, isIntersecting } of entries) {
      if (isIntersecting && box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    }
  });
  for (const box of document.querySelectorAll("pre, .table-wrapper, .katex-display")) {
    seen.observe(box);
  }
});
