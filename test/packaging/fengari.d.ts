/** The part of fengari that `lua.ts` uses; the package has no types. */
declare module 'fengari' {
  interface LuaState {
    readonly brand: 'lua_State';
  }
  interface Fengari {
    readonly lua: {
      readonly LUA_OK: number;
      lua_settop(state: LuaState, index: number): void;
      lua_setglobal(state: LuaState, name: Uint8Array): void;
      lua_tostring(state: LuaState, index: number): Uint8Array;
      lua_getfield(state: LuaState, index: number, name: Uint8Array): void;
      lua_pushstring(state: LuaState, text: Uint8Array): void;
      lua_pushinteger(state: LuaState, value: number): void;
      lua_pushboolean(state: LuaState, value: boolean): void;
      lua_pushnil(state: LuaState): void;
      lua_createtable(state: LuaState, items: number, fields: number): void;
      lua_settable(state: LuaState, index: number): void;
    };
    readonly lauxlib: {
      luaL_newstate(): LuaState;
      luaL_dostring(state: LuaState, script: Uint8Array): number;
      luaL_requiref(state: LuaState, name: Uint8Array, open: (state: LuaState) => number, global: 0 | 1): void;
    };
    readonly lualib: { luaopen_base(state: LuaState): number };
    to_luastring(text: string): Uint8Array;
    to_jsstring(text: Uint8Array): string;
  }
  const fengari: Fengari;
  export default fengari;
}
