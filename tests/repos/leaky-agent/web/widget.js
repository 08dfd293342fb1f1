const session = "<secret:jwt>";
const publishable = process.env.STRIPE_PUBLISHABLE_KEY;

export async function ask(question) {
  const reply = await fetch("/ask", { method: "POST", headers: { "x-session": session }, body: question });
  return reply.text();
}
