// Light or dark: as the system says until somebody says otherwise.

export function createTheme(button, onChange) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = localStorage.getItem("cryo-page-theme");
  } catch {
    // A browser that keeps nothing follows the system.
  }
  const apply = () => {
    const theme = chosen ?? (system.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light" : "Dark";
    onChange();
  };
  system.addEventListener("change", apply);
  button.addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("cryo-page-theme", chosen);
    } catch {
      // As above.
    }
    apply();
  });
  apply();
}
