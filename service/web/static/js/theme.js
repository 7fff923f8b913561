// Light or dark, before the first paint: a classic script in <head>, because a module would come too late and the page would flash.
// <html data-theme> is always "light" or "dark"; what the user chose ("auto", "light", "dark") is kept in localStorage.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try { return localStorage.getItem("sealform.theme") || "auto"; } catch { return "auto"; }
  };
  const apply = () => {
    const choice = chosen();
    const root = document.documentElement;
    root.dataset.theme = choice === "auto" ? (system.matches ? "dark" : "light") : choice;
    root.dataset.themeChoice = choice;
  };
  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("sealform:theme", apply);
})();
