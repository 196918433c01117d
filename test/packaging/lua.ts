/** Runs a health script of Argo CD: `obj` is the object, `ipairs` the only function, and a table with status and message comes back. */
import fengari from 'fengari';

const { lua, lauxlib, lualib, to_luastring: luaString, to_jsstring: jsString } = fengari;
type State = ReturnType<typeof lauxlib.luaL_newstate>;

export function healthOf(script: string, object: unknown): { status: string; message: string } {
  const state = lauxlib.luaL_newstate();
  lauxlib.luaL_requiref(state, luaString('_G'), lualib.luaopen_base, 1);
  lua.lua_settop(state, 0);
  push(state, object);
  lua.lua_setglobal(state, luaString('obj'));
  if (lauxlib.luaL_dostring(state, luaString(script)) !== lua.LUA_OK)
    throw new Error(jsString(lua.lua_tostring(state, -1)));
  return { status: field(state, 'status'), message: field(state, 'message') };
}

function field(state: State, name: string): string {
  lua.lua_getfield(state, -1, luaString(name));
  const text = jsString(lua.lua_tostring(state, -1));
  lua.lua_settop(state, -2);
  return text;
}

function push(state: State, value: unknown): void {
  if (typeof value === 'string') lua.lua_pushstring(state, luaString(value));
  else if (typeof value === 'number') lua.lua_pushinteger(state, value);
  else if (typeof value === 'boolean') lua.lua_pushboolean(state, value);
  else if (typeof value === 'object' && value !== null) pushTable(state, value);
  else lua.lua_pushnil(state);
}

function pushTable(state: State, value: object): void {
  lua.lua_createtable(state, 0, 0);
  for (const [key, item] of Object.entries(value)) {
    // Lua counts from one.
    push(state, Array.isArray(value) ? Number(key) + 1 : key);
    push(state, item);
    lua.lua_settable(state, -3);
  }
}
