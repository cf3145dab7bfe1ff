// Making elements, and the little Markdown that descriptions use. Text never becomes markup.

export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

// **bold**, `code` and plain text.
export function inline(text) {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).filter(Boolean).map((part) => {
    if (part.startsWith("**")) return el("strong", {}, part.slice(2, -2));
    if (part.startsWith("`")) return el("code", {}, part.slice(1, -1));
    return part;
  });
}

// Paragraphs and lists, parted by empty lines.
export function prose(text) {
  return (text || "").split(/\n\n+/).filter(Boolean).map((block) => {
    const lines = block.split("\n");
    if (lines.every((line) => line.startsWith("- "))) {
      return el("ul", {}, lines.map((line) => el("li", {}, inline(line.slice(2)))));
    }
    return el("p", {}, inline(block));
  });
}

export function copyButton(text) {
  const button = el("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  return button;
}

export function codeBlock(text, copyable = true) {
  return el("div", { class: "block" }, el("pre", { tabindex: "0" }, el("code", {}, text)), copyable && copyButton(text));
}

export function methodBadge(method) {
  return el("span", { class: `method ${method}` }, method.toUpperCase());
}

// A path with its variable parts set off, and places where it may break.
export function pathText(path) {
  const parts = path.split(/(\{[^}]+\})/).filter(Boolean);
  return el("code", { class: "path" }, parts.map((part) => {
    if (part.startsWith("{")) return el("em", {}, part);
    return part.split(/(?<=\/)/).map((piece) => [piece, el("wbr")]);
  }));
}
